// SPDX-License-Identifier: Apache-2.0
#include "metrics/dynamic_range.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/quantile.h"
#include "image/colour.h"

namespace duhdr {

DynamicRange dynamic_range(const Tensor& picture) {
  DUHDR_CHECK(picture.numel() > 0 && picture.numel() % 3 == 0, "dynamic range of ", picture.shape());
  const float* values = picture.data<float>();
  std::vector<float> light, above_zero;
  for (std::int64_t i = 0; i < picture.numel(); i += 3) {
    light.push_back(luminance(values[i], values[i + 1], values[i + 2]));
    if (light.back() > 0) above_zero.push_back(light.back());
  }
  DynamicRange range;
  range.largest = static_cast<double>(*std::max_element(light.begin(), light.end()));
  range.median = static_cast<double>(quantile(std::span(light), 0.5));
  if (!above_zero.empty())
    range.stops = std::log2(range.largest / static_cast<double>(quantile(std::span(above_zero), 0.01)));
  return range;
}

}  // namespace duhdr
