// SPDX-License-Identifier: Apache-2.0
// Sums, means and maxima. Sums run in double over fixed blocks in a fixed order. A scalar or per-image result has the
// type of the input, f32 for bf16 (a loss in bf16 would be of no use); gradients return in the type of the input.
#pragma once

#include "autograd/variable.h"

namespace duhdr {

/// sum of all elements; any shape -> [1]
Variable sum(const Variable& x);

/// mean of all elements; any shape with at least one element -> [1]
Variable mean(const Variable& x);

/// sum over height, width and channels; [N, H, W, C] -> [N, 1, 1, 1]
Variable sum_per_image(const Variable& x);

/// mean over height, width and channels; [N, H, W, C] -> [N, 1, 1, 1]
Variable mean_per_image(const Variable& x);

/// largest element; [N, H, W, C] -> [N, 1, 1, 1], in the type of x. A tie sends its gradient to the first element.
Variable max_per_image(const Variable& x);

/// largest channel; [N, H, W, C] -> [N, H, W, 1], in the type of x. A tie sends its gradient to the first channel.
Variable channel_max(const Variable& x);

}  // namespace duhdr
