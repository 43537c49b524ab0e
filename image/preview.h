// SPDX-License-Identifier: Apache-2.0
// Pictures of an HDR image for a display.
#pragma once

#include <span>

#include "tensor/tensor.h"

namespace duhdr {

/// Linear light to [0, 1): up to 0.8 as it is; above, with t = (x - 0.8) / 0.2, 0.8 + 0.2 * t / (1 + t), which goes
/// on with the same slope and nears 1 for ever brighter light.
float soft_shoulder(float light);

/// [1, H, W, C] f32 to [1, h, w, C], h <= H, w <= W: each output pixel is the mean of the input over its footprint,
/// partly covered pixels counted by their covered area. `of`: averages what it makes of the values instead.
Tensor box_average(const Tensor& pixels, std::int64_t height, std::int64_t width, float (*of)(float) = nullptr);

/// One panel per stop, left to right, 4 dark pixels between them: the linear [1, H, W, 3] f32 image times 2^stop,
/// soft_shoulder, sRGB. Panels are box-averaged so that the strip is at most 2048 pixels wide. Returns
/// [1, h, k * w + 4 * (k - 1), 3] u8.
Tensor preview_strip(const Tensor& linear, std::span<const double> stops);

}  // namespace duhdr
