// SPDX-License-Identifier: Apache-2.0
// Turning a stored picture upright.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Applies an EXIF orientation, 1..8, to [1, H, W, C] f32 pixels: the result is [1, H, W, C] for 1..4 and
/// [1, W, H, C] for 5..8. 1 returns the same storage.
Tensor upright(const Tensor& pixels, int orientation);

/// The way back: upright [1, H, W, C] f32 pixels as a file of that orientation stores them.
Tensor as_stored(const Tensor& pixels, int orientation);

}  // namespace duhdr
