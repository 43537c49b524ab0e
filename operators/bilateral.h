// SPDX-License-Identifier: Apache-2.0
// The bilateral filter, at a cost that does not grow with its size: values are collected in a coarse grid over the
// image and the range of the guide, smoothed there and read back (Paris and Durand 2006; Chen, Paris and Durand 2007).
// Planes are [1, H, W, 1] f32 on the CPU; results have the same bits for any number of threads.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// out(p) = sum_q w(p, q) values(q) / sum_q w(p, q) over the image, with w(p, q) = exp(-|p - q|^2 / (2 sigma_space^2))
/// exp(-(guide(p) - guide(q))^2 / (2 sigma_range^2)). sigma_space in pixels, 0.5 at the least; sigma_range in the
/// guide's unit, above 0. The grid has cells of half a sigma: the result is within 2 % of the values' range of the sum
/// above.
Tensor bilateral(const Tensor& values, const Tensor& guide, double sigma_space, double sigma_range);

/// The same without a guide: a Gaussian mean over the pixels that are inside.
Tensor gaussian_mean(const Tensor& values, double sigma_space);

}  // namespace duhdr
