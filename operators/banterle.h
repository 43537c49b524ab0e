// SPDX-License-Identifier: Apache-2.0
// Banterle, Ledda, Debattista, Chalmers: "Inverse tone mapping", GRAPHITE 2006, as "Expanding low dynamic range videos
// for high dynamic range applications" (2008) refines its expand map.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// L_out = (1 - E) L + E L_e with L_e = L_max L_w / 2 (L - 1 + sqrt((1 - L)^2 + 4 L / L_w^2)), the inverse of
/// Reinhard's curve, L_w = L_max, L of codes ^ 2.2. codes [1, H, W, 3] -> light of luminance 0..display_peak; 1 = clip
/// level, and where no lights are it is the linearised photograph.
Tensor banterle(const Tensor& codes);

/// E of a luminance plane, 0..1, 1 where light sources are densest: median cut into 4 times the shorter side (a power
/// of two), without those that stand alone, summed by a Gaussian, smoothed by a bilateral filter that is guided by L.
Tensor density_of_lights(const Tensor& luminance);

}  // namespace duhdr
