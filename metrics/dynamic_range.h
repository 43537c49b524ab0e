// SPDX-License-Identifier: Apache-2.0
// Dynamic range: how far the light of one picture reaches.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Of the luminance (Rec. 709) of every pixel, in the picture's own unit.
struct DynamicRange {
  double median = 0, largest = 0;
  double stops = 0;  // log2 of the largest by the 1st percentile of the values above 0; 0 when there is none
};

/// picture: f32 [..., 3] on the CPU, at least one pixel.
DynamicRange dynamic_range(const Tensor& picture);

}  // namespace duhdr
