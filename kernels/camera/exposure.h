// SPDX-License-Identifier: Apache-2.0
// The exposure of relative radiance: what the well exposed pixels of its photograph say.
#pragma once

#include "autograd/variable.h"

namespace duhdr {

/// codes [N, H, W, 3] in [0, 1], light [N, H, W, 3] of the same scenes in any scale, curve [K] from code to linear
/// light -> [N, 1, 1, 1] in the type of light: the factors that bring light to 1.0 = the photograph's clip level. Each
/// is the median of (sum of a pixel's linearised codes) / (sum of its light) over the pixels whose three codes lie in
/// [0.1, 0.8], of at most 2^19 that are looked at; 1 where there is none. A constant: nothing gets a gradient.
/// Computed in double on the host, so it waits for the device.
Variable exposure_ratio(const Variable& codes, const Variable& light, const Variable& curve);

}  // namespace duhdr
