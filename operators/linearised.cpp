// SPDX-License-Identifier: Apache-2.0
#include "operators/linearised.h"

#include <cmath>

#include "image/colour.h"
#include "operators/light.h"

namespace duhdr {

Tensor linear_by_srgb(const Tensor& codes) { return mapped(codes, srgb_to_linear); }

Tensor linear_by_power(const Tensor& codes, float gamma) {
  return mapped(codes, [gamma](float code) { return std::pow(code, gamma); });
}

Tensor linear_by_curve(const Tensor& codes, const Tensor& inverse_response) {
  const std::int64_t intervals = inverse_response.numel() - 1;
  DUHDR_CHECK(intervals >= 1, "a response of ", inverse_response.shape());
  const float* curve = inverse_response.data<float>();
  return mapped(codes, [=](float code) {
    const float at = std::clamp(code, 0.f, 1.f) * static_cast<float>(intervals);
    const std::int64_t below = std::min(static_cast<std::int64_t>(at), intervals - 1);
    const float part = at - static_cast<float>(below);
    return std::max(0.f, curve[below] + part * (curve[below + 1] - curve[below]));
  });
}

}  // namespace duhdr
