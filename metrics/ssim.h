// SPDX-License-Identifier: Apache-2.0
// SSIM: structural similarity (Wang et al., 2004), and over five scales MS-SSIM (Wang et al., 2003). 1 = equal.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// f32 [1, H, W, 1] of one shape on the CPU. Gaussian window of 11 x 11 and sigma 1.5, borders repeated, constants
/// (0.01 range)^2 and (0.03 range)^2, mean over all pixels: MATLAB's ssim().
double ssim(const Tensor& a, const Tensor& b, double range);

/// Contrast and structure at five scales, luminance at the last, with the weights 0.0448, 0.2856, 0.3001, 0.2363,
/// 0.1333; each scale is the means of 2 x 2 pixels of the one before (an odd last row or column is left out). A mean
/// below 0 counts as 0. Sides of at least 16 pixels.
double ms_ssim(const Tensor& a, const Tensor& b, double range);
constexpr std::int64_t least_ms_ssim_side = 16;

/// Of PU21 units of the luminance: pictures f32 [1, H, W, 3] in cd/m^2.
double pu21_ssim(const Tensor& estimate, const Tensor& truth);
double pu21_ms_ssim(const Tensor& estimate, const Tensor& truth);

}  // namespace duhdr
