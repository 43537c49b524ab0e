// SPDX-License-Identifier: Apache-2.0
// Kovaleski, Oliveira: "High-quality reverse tone mapping for a wide range of exposures", SIBGRAPI 2014.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// enhanced() by E, the mean of the saturated pixels (a channel above 254/255) by a bilateral filter that is guided by
/// L, of codes ^ 2.2: sigmas 150 pixels at a longer side of 1920, and (25/255) ^ 2.2. codes [1, H, W, 3] -> light of
/// luminance 0..display_peak; 1 = clip level. Far from highlights it is 1.23 times the linearised photograph, a quarter
/// of the display.
Tensor kovaleski_oliveira(const Tensor& codes);

/// E for the paper's sigmas, of [1, H, W, 3] codes and their luminance: a plane in 0..1.
Tensor highlight_map(const Tensor& codes, const Tensor& luminance);

}  // namespace duhdr
