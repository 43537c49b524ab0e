// SPDX-License-Identifier: Apache-2.0
#include "metrics/exposure_ratio.h"

#include <algorithm>
#include <vector>

#include "base/quantile.h"
#include "image/colour.h"

namespace duhdr {

std::optional<double> exposure_ratio(const Tensor& photograph, const Tensor& light) {
  DUHDR_CHECK(photograph.shape() == light.shape() && light.numel() % 3 == 0, "exposures of ", photograph.shape(),
              " and ", light.shape());
  std::vector<float> ratios;
  const float *code = photograph.data<float>(), *h = light.data<float>();
  const std::int64_t pixels = light.numel() / 3, step = std::max<std::int64_t>(1, pixels >> 16);
  for (std::int64_t i = 0; i < 3 * pixels; i += 3 * step) {
    if (std::min({code[i], code[i + 1], code[i + 2]}) < 0.1f || std::max({code[i], code[i + 1], code[i + 2]}) > 0.8f)
      continue;
    const float below = luminance(h[i], h[i + 1], h[i + 2]);
    const float above = luminance(srgb_to_linear(code[i]), srgb_to_linear(code[i + 1]), srgb_to_linear(code[i + 2]));
    if (below > 0) ratios.push_back(above / below);
  }
  if (ratios.empty()) return std::nullopt;
  return static_cast<double>(quantile(std::span(ratios), 0.5));
}

}  // namespace duhdr
