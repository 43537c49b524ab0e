// SPDX-License-Identifier: Apache-2.0
// The one factor that brings an estimate to the exposure of the truth.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Least squares over the channel values of the pixels whose `guide` (the photograph, or the truth without one) lies
/// between its 10 % and 90 % quantiles and which are not `clipped` (u8 [1, H, W, 1]): sum(estimate truth) by
/// sum(estimate^2). The guide counts by its mean channel. 1 where no pixel is left, or the estimate is black there.
/// Pictures f32 [1, H, W, 3] of one shape on the CPU.
double fitted_scale(const Tensor& estimate, const Tensor& truth, const Tensor& guide, const Tensor& clipped);

/// Every value of an f32 tensor times `factor`.
Tensor scaled(const Tensor& picture, double factor);

}  // namespace duhdr
