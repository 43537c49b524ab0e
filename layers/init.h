// SPDX-License-Identifier: Apache-2.0
// Start values of parameters. Draws come from Philox with the FNV-1a hash of the parameter's full name as its stream,
// so a parameter's start depends on (seed, name) alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "tensor/tensor.h"

namespace duhdr {

enum class Init : unsigned char {
  glorot_uniform,  // bound sqrt(6 / (fan_in + fan_out)): U-Nets, RFB, MS-SE
  he_normal,       // standard deviation sqrt(2 / fan_in): trunks, VGG encoder
  zero,            // heads and the last linear layer: the untrained network changes nothing
  fan_in_uniform,  // bound 1 / sqrt(fan_in), the bias too: ExpandNet (PyTorch's default)
  addition,        // [C, 2C, 1, 1]: the exact sum of the two halves of the input
  bilinear,        // [I, O, 4, 4], transposed: bilinear enlargement, channel c to channel c
};

/// Weight of shape [O, I, kh, kw] or [O, I] on the CPU; fan_in = I kh kw, fan_out = O kh kw.
Tensor initial_weight(Shape shape, Init init, std::uint64_t seed, std::string_view full_name);

/// Bias [outputs] of a layer whose weight has this shape, on the CPU: `constant`, or draws where the kind says so.
Tensor initial_bias(std::int64_t outputs, const Shape& weight, Init init, double constant, std::uint64_t seed,
                    std::string_view full_name);

}  // namespace duhdr
