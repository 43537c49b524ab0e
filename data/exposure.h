// SPDX-License-Identifier: Apache-2.0
// How much of a picture clips, and the exposure that clips a given share of it.
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

/// The largest of the three channels of each pixel of `light` [1, h, w, 3].
std::vector<float> largest_channels(const Tensor& light);

/// The share (0..1) of the pixels with a channel above 1.
double clipped_share(const Tensor& light);

/// The radiance that clips when `share` (0..1) of the pixels have a channel above it: that quantile of the largest
/// channels (base/quantile.h). Share 0 is the brightest value.
double clip_level(const Tensor& light, double share);

}  // namespace duhdr
