// SPDX-License-Identifier: Apache-2.0
// Luminance with gradients, the constant weights of such sums, and what light is raised by before its logarithm.
#pragma once

#include <vector>

#include "autograd/variable.h"

namespace duhdr {

/// Logarithms of light are those of light + log_shift (Eq. 16).
inline constexpr double log_shift = 1.0 / 255;

/// A constant weight of this shape, of the type and on the device of x. Written value by value: a copy from the host
/// could not be recorded into a CUDA graph.
Variable weights_like(const Variable& x, const Shape& shape, const std::vector<double>& values);

/// 0.213 R + 0.715 G + 0.072 B; [N, H, W, 3] -> [N, H, W, 1]
Variable luminance(const Variable& light);

}  // namespace duhdr
