// SPDX-License-Identifier: Apache-2.0
// Linearised photographs: light by the inverse of a tone curve, and nothing else.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

// Photograph [1, H, W, 3] f32, codes in [0, 1] -> linear light of that shape in [0, 1], 1 = clip level.

/// IEC 61966-2-1.
Tensor linear_by_srgb(const Tensor& codes);

/// code ^ gamma.
Tensor linear_by_power(const Tensor& codes, float gamma = 2.2f);

/// By a camera's inverse response [n], n >= 2: straight lines between its samples at the codes 0, 1/(n-1), ..., 1;
/// codes are clamped to that range.
Tensor linear_by_curve(const Tensor& codes, const Tensor& inverse_response);

}  // namespace duhdr
