// SPDX-License-Identifier: Apache-2.0
// Pooling. All take and give [N, H, W, C].
#pragma once

#include "autograd/variable.h"

namespace duhdr {

struct Pool2dDesc {
  int kernel = 2;  // at most 15
  int stride = 2;
  int padding = 0;  // on every side, with -infinity; at most kernel / 2
};

/// mean of 2x2 pixels, stride 2; [N, H, W, C] -> [N, floor(H / 2), floor(W / 2), C]. The last row or column of an odd
/// side is dropped. Throws (internal) when a side is below 2.
Variable avg_pool2d(const Variable& x);

/// largest value of a window; [N, H, W, C] -> [N, H', W', C], H' = floor((H + 2 padding - kernel) / stride) + 1. The
/// gradient goes to the first maximum in row order; for the way back one byte a result is kept, not the input.
/// NaN wins. Throws (internal) when no window fits.
Variable max_pool2d(const Variable& x, const Pool2dDesc& desc = {});

/// mean over height and width; [N, H, W, C] -> [N, 1, 1, C]
Variable global_avg_pool(const Variable& x);

}  // namespace duhdr
