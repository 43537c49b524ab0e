// SPDX-License-Identifier: Apache-2.0
// Step 4: the local mean by which the eye adapts.
#pragma once

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

/// Gaussian blur of `sigma` pixels. From 4.3 on: exp(-(wx^2 + wy^2) sigma^2 / 2) in the frequency domain of 2H x 2W
/// pixels, the last row and column repeated behind the picture, so that the first ones meet the last ones around the
/// corner. To the precision of T that is a sampled Gaussian. Below: a sampled kernel over 6 sigma, edges repeated on
/// both sides.
template <class T>
Plane<T> blur(const Plane<T>& plane, double sigma);

/// By a sampled kernel of 2 radius + 1 pixels, edges repeated on both sides.
template <class T>
Plane<T> blur(const Plane<T>& plane, double sigma, std::int64_t radius);

}  // namespace duhdr::vdp
