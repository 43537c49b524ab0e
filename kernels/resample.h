// SPDX-License-Identifier: Apache-2.0
// Change of resolution. All take and give [N, H, W, C] of any size.
#pragma once

#include "autograd/variable.h"

namespace duhdr {

/// y[i, j] = x[floor(i / 2), floor(j / 2)]; -> [N, 2H, 2W, C]
Variable upsample_nearest2x(const Variable& x);

/// Bilinear with half-pixel centres, edges clamped: a result row lies a quarter pixel from its nearest row,
/// weights 3/4 and 1/4; -> [N, 2H, 2W, C]
Variable upsample_bilinear2x(const Variable& x);

/// Bilinear with half-pixel centres, edges clamped, to any size: a smaller result samples, it does not average
/// (PyTorch's interpolate, align_corners=False, antialias=False); -> [N, height, width, C], height, width >= 1. The
/// same size copies.
Variable resize_bilinear(const Variable& x, std::int64_t height, std::int64_t width);

/// Depth to space in PyTorch's order: y[i r + dy, j r + dx, c] = x[i, j, c r^2 + dy r + dx], r = factor;
/// [N, H, W, C r^2] -> [N, H r, W r, C]
Variable pixel_shuffle(const Variable& x, std::int64_t factor = 2);

/// Its inverse, space to depth: [N, H r, W r, C] -> [N, H, W, C r^2]
Variable pixel_unshuffle(const Variable& x, std::int64_t factor = 2);

/// Area average: each result pixel is the mean of x over the box it covers, partly covered pixels by their share;
/// -> [N, height, width, C], 1 <= height <= H, 1 <= width <= W. The same size copies.
Variable area_downscale(const Variable& x, std::int64_t height, std::int64_t width);

}  // namespace duhdr
