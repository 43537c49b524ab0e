// SPDX-License-Identifier: Apache-2.0
// The scale of a relative radiance: what the well exposed pixels of its photograph say.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// codes [N, H, W, 3] in [0, 1] and light [N, H, W, 3] of the same scenes, curve [K] from code to linear light
/// -> [N, 1, 1, 1] f32 on the device of light: the factors that bring light to 1.0 = clip level. Each is the median of
/// (sum of a pixel's linearised codes) / (sum of its light) over pixels whose three codes lie in [0.1, 0.8], of at most
/// 2^18 that are looked at; 1 where there is none.
Tensor exposure_ratio(const Tensor& codes, const Tensor& light, const Tensor& curve);

}  // namespace duhdr
