// SPDX-License-Identifier: Apache-2.0
// PSNR: peak signal-to-noise ratio in decibels, on encodings that make equal differences look about equal. Infinite for
// equal pictures. Pictures f32 [1, H, W, 3] of one shape on the CPU; sums in double, in a fixed order.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// 20 log10(256 / RMSE) of all channel values in PU21 units; pictures in cd/m^2.
double pu21_psnr(const Tensor& estimate, const Tensor& truth);

/// The same of the luminance.
double pu21_psnr_y(const Tensor& estimate, const Tensor& truth);

/// 20 log10(1 / RMSE) of T(h) = ln(1 + 5000 h) / ln 5001 (Kalantari and Ramamoorthi, 2017), both pictures divided by
/// the truth's largest value; linear light in any unit, below 0 counts as 0. The estimate is not clipped above. The
/// truth must not be all black.
double mu_law_psnr(const Tensor& estimate, const Tensor& truth);

}  // namespace duhdr
