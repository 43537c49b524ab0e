// SPDX-License-Identifier: Apache-2.0
// Bicubic resampling between the bands of the pyramid.
#pragma once

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

/// Keys' kernel with a = -0.5, widened where the picture shrinks, weights of a pixel adding up to 1, borders mirrored
/// with the edge. The same plane where the size is the same.
template <class T>
Plane<T> resized(const Plane<T>& plane, std::int64_t height, std::int64_t width);

}  // namespace duhdr::vdp
