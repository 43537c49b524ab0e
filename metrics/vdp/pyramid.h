// SPDX-License-Identifier: Apache-2.0
// Step 7: the steerable pyramid (Simoncelli and Freeman, 1995) with one orientation.
#pragma once

#include <vector>

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

/// Bands from fine to coarse: what the first low-pass leaves out, band-passes, and the base without its mean; band k
/// (from 0) divided by 2^k. The first two have the size of the plane, each other one half of the sides before, rounded
/// up. Its frequency is ppd / 2 / 2^k cycles/degree. Borders are mirrored without the edge.
template <class T>
std::vector<Plane<T>> pyramid(const Plane<T>& plane, double pixels_per_degree);

}  // namespace duhdr::vdp
