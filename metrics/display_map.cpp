// SPDX-License-Identifier: Apache-2.0
#include "metrics/display_map.h"

#include <algorithm>
#include <vector>

namespace duhdr {
namespace {

Tensor mapped(const Tensor& light, double low, double high, double small) {
  const double slope = (map_most - map_least) / (high - low + small);
  Tensor out(light.shape(), DType::f32);
  const float* from = light.data<float>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i)
    to[i] = static_cast<float>(std::max((static_cast<double>(from[i]) - low) * slope + map_least, 0.0));
  return out;
}

}  // namespace

Tensor mapped_by_extremes(const Tensor& light) {
  DUHDR_CHECK(light.numel() > 0, "map of ", light.shape());
  const float* value = light.data<float>();
  const auto [low, high] = std::minmax_element(value, value + light.numel());
  return mapped(light, static_cast<double>(*low), static_cast<double>(*high), 1e-5);
}

Tensor mapped_by_permille(const Tensor& light) {
  DUHDR_CHECK(light.numel() > 0, "map of ", light.shape());
  std::vector<float> values = light.to_vector<float>();
  const auto k = std::max<std::int64_t>(1, light.numel() / 1000);
  const auto low = values.begin() + (k - 1);
  std::nth_element(values.begin(), low, values.end());
  const auto a = static_cast<double>(*low);
  const auto high = values.end() - k;
  std::nth_element(values.begin(), high, values.end());
  return mapped(light, a, static_cast<double>(*high), 1e-8);
}

}  // namespace duhdr
