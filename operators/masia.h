// SPDX-License-Identifier: Apache-2.0
// Masia, Agustin, Fleming, Sorkine, Gutierrez: "Evaluation of reverse tone mapping through varying exposure
// conditions", SIGGRAPH Asia 2009; Masia, Serrano, Gutierrez: "Dynamic range expansion based on image statistics",
// 2017.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

// Both: L_out = L_max L ^ g, L of codes ^ 2.2, g of the whole image and 0.1 at the least (the papers' lines give less,
// even below 0, for dark images, which would turn dark into bright). Statistics are those of L > 0.
// codes [1, H, W, 3] -> light of luminance 0..display_peak; 1 = clip level. Mid-tones are brightened or darkened by g.

/// g = 10.44 k - 6.282, k the key of the image.
Tensor masia_2009(const Tensor& codes);

/// g = 2.4379 + 0.2319 ln L_average - 1.1228 k + 0.0085 p, p the percentage of pixels with 255 L >= 254.
Tensor masia_2017(const Tensor& codes);

struct LuminanceStatistics {
  double log_mean = 0;       // L_average, exp(mean(ln(L + 1e-6))); 0 of a black image
  double key = 0.5;          // k = (ln L_average - ln L_1%) / (ln L_99% - ln L_1%), in 0..1; 0.5 where the two are one
  double percent_blown = 0;  // p
};
LuminanceStatistics statistics_of(const Tensor& luminance);

}  // namespace duhdr
