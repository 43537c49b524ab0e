// SPDX-License-Identifier: Apache-2.0
#include "metrics/highlights.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/luminance.h"

namespace duhdr {
namespace {

constexpr double floor_share = 1e-5, black = 1e-30;

struct Light {
  std::vector<double> luminance;  // of the clipped pixels, floored
  double sum = 0;                 // before the floor
};

Light light_of(const Tensor& picture, const Tensor& clipped) {
  Light light;
  const float* value = picture.data<float>();
  const std::uint8_t* mask = clipped.data<std::uint8_t>();
  for (std::int64_t i = 0; i < clipped.numel(); ++i)
    if (mask[i] != 0) light.luminance.push_back(luminance_of(value + 3 * i));
  for (const double y : light.luminance) light.sum += y;
  const double mean = light.sum / static_cast<double>(std::max<std::size_t>(1, light.luminance.size()));
  for (double& y : light.luminance) y = std::max({y, floor_share * mean, black});
  light.sum = std::max(light.sum, black);
  return light;
}

}  // namespace

std::optional<Highlights> highlights(const Tensor& estimate, const Tensor& truth, const Tensor& clipped) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && clipped.numel() * 3 == truth.numel(), "highlights of ",
              estimate.shape(), " and ", truth.shape(), " in ", clipped.shape());
  const Light a = light_of(estimate, clipped), b = light_of(truth, clipped);
  if (a.luminance.empty()) return std::nullopt;
  const auto n = static_cast<double>(a.luminance.size());
  double mean = 0, square = 0;
  std::vector<double> ratio(a.luminance.size());
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    ratio[i] = std::log10(a.luminance[i] / b.luminance[i]);
    mean += ratio[i] / n;
  }
  for (const double r : ratio) square += (r - mean) * (r - mean) / n;
  return Highlights{std::log2(a.sum / b.sum), std::sqrt(square)};
}

}  // namespace duhdr
