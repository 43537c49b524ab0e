// SPDX-License-Identifier: Apache-2.0
// Meylan, Daly, Suesstrunk: "The reproduction of specular highlights on high dynamic range displays", CIC 2006.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Two slopes: L_out = rho L_max L / w of the diffuse part, rho L_max + (1 - rho) L_max (L - w) / (L_largest - w) of
/// the specular part, L of codes ^ 2.2 and w the darkest of the specular part (without one, the brightest of all).
/// Around the specular part L_out is smoothed over 5 x 5 pixels. codes [1, H, W, 3] -> light of luminance
/// 0..display_peak; 1 = clip level. The diffuse part is stretched, to 3.3 at w.
Tensor meylan(const Tensor& codes, float rho = 0.67f);

/// The specular part of a luminance plane, 1 or 0: brighter than any mean over m x m pixels, m a fiftieth of the longer
/// side, without single pixels; grown into neighbours that are brighter than any mean over 2m + 1.
Tensor specular_part(const Tensor& luminance);

}  // namespace duhdr
