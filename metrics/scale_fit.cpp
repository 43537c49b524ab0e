// SPDX-License-Identifier: Apache-2.0
#include "metrics/scale_fit.h"

#include <vector>

#include "base/quantile.h"

namespace duhdr {

double fitted_scale(const Tensor& estimate, const Tensor& truth, const Tensor& guide, const Tensor& clipped) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && guide.shape() == truth.shape() &&
                  clipped.numel() * 3 == truth.numel() && truth.numel() > 0,
              "scale of ", estimate.shape(), " to ", truth.shape());
  constexpr double lowest = 0.1, highest = 0.9;
  const float *e = estimate.data<float>(), *t = truth.data<float>(), *g = guide.data<float>();
  const std::uint8_t* mask = clipped.data<std::uint8_t>();
  std::vector<float> brightness(static_cast<std::size_t>(clipped.numel()));
  for (std::size_t i = 0; i < brightness.size(); ++i) brightness[i] = (g[3 * i] + g[3 * i + 1] + g[3 * i + 2]) / 3;
  std::vector<float> order = brightness;
  const float low = quantile(std::span(order), lowest), high = quantile(std::span(order), highest);
  double product = 0, square = 0;
  for (std::size_t i = 0; i < brightness.size(); ++i) {
    if (mask[i] != 0 || brightness[i] < low || brightness[i] > high) continue;
    for (std::size_t c = 3 * i; c < 3 * i + 3; ++c) {
      product += static_cast<double>(e[c]) * static_cast<double>(t[c]);
      square += static_cast<double>(e[c]) * static_cast<double>(e[c]);
    }
  }
  return square > 0 && product > 0 ? product / square : 1;
}

Tensor scaled(const Tensor& picture, double factor) {
  if (factor == 1) return picture;
  Tensor out(picture.shape(), DType::f32);
  const float* from = picture.data<float>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) to[i] = static_cast<float>(static_cast<double>(from[i]) * factor);
  return out;
}

}  // namespace duhdr
