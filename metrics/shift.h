// SPDX-License-Identifier: Apache-2.0
// Shift: by how many pixels one picture lies beside another one of the same scene.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace duhdr {

struct Shift {
  std::int64_t x = 0, y = 0;  // pixels to the right and down
};

/// By phase correlation (Kuglin and Hines, 1975) of the logarithms of both pictures' luminance in the middle 512 x 512
/// pixels under Hann's window, each cut at its brightness that a tenth of its pixels exceed, so that clipped highlights
/// do not matter; tone curves, gains and moderate noise do not either. 0 where nothing stands out: a picture without
/// features, or of something else. Pictures f32 [1, H, W, 3] of one shape on the CPU, values >= 0.
Shift shift_between(const Tensor& picture, const Tensor& reference);

}  // namespace duhdr
