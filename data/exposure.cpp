// SPDX-License-Identifier: Apache-2.0
#include "data/exposure.h"

#include <algorithm>

#include "base/quantile.h"

namespace duhdr {

std::vector<float> largest_channels(const Tensor& light) {
  const float* rgb = light.data<float>();
  std::vector<float> largest(static_cast<std::size_t>(light.numel() / 3));
  for (float& value : largest) {
    value = std::max({rgb[0], rgb[1], rgb[2]});
    rgb += 3;
  }
  return largest;
}

double clipped_share(const Tensor& light) {
  const std::vector<float> largest = largest_channels(light);
  const auto above = std::count_if(largest.begin(), largest.end(), [](float value) { return value > 1; });
  return static_cast<double>(above) / static_cast<double>(largest.size());
}

double clip_level(const Tensor& light, double share) {
  std::vector<float> largest = largest_channels(light);
  return quantile(std::span(largest), 1 - share);
}

}  // namespace duhdr
