// SPDX-License-Identifier: Apache-2.0
// Huo, Yang, Dong, Brost: "Physiological inverse tone mapping based on retina response", The Visual Computer 2014
// (online 2013); Huo, Yang, Brost: "Dodging and burning inspired inverse tone mapping algorithm", JCIS 2013 (2014).
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// L_out = L / L_largest (L_s^n + s^n)^(1/n), s = L_max logmean(L), L_s = L_max BF(BF(L; 16, 0.3); 10, 0.1), BF the
/// bilateral filter with sigmas in pixels and of L, of codes ^ 2.2. codes [1, H, W, 3] -> light; 1 = clip level. The
/// brightest pixel of a bright surrounding is somewhat above display_peak; mid-tones are darker than it by more than in
/// the photograph, as the square of L in even areas.
Tensor huo_2013(const Tensor& codes, double n = 0.86);

/// c_out = c a L / (L_mean (1 - L + theta)) / BF(L; 16, 3/255), L of codes ^ 2.2. The paper's light is relative, with a
/// = 10^-1.6; here a is L_mean (1 - L_mean + theta), so that an even area of the mean luminance keeps its light, and
/// the luminance, which theta alone holds below infinity, is display_peak at the most. codes [1, H, W, 3] -> light of
/// luminance 0..display_peak; 1 = clip level.
Tensor huo_2014(const Tensor& codes, double theta = 1e-5);

}  // namespace duhdr
