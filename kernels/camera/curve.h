// SPDX-License-Identifier: Apache-2.0
// Camera curves: K >= 2 samples over [0, 1]. Made monotone, then applied to an image. Curves and all arithmetic on
// them are f64 (f64 images) or f32 (every other image): the monotonicity step multiplies noise by up to K - 1.
#pragma once

#include <cmath>

#include "autograd/variable.h"
#include "base/hd.h"

namespace duhdr {

/// Where x meets a curve of `samples` samples: value = (1 - share) g[low] + share g[high]. Outside [0, 1] both are
/// the end sample; NaN reads the first sample.
template <class T>
struct CurvePosition {
  std::int64_t low, high;
  T share;

  DUHDR_HD static CurvePosition of(T x, std::int64_t samples) {
    using std::floor;
    const std::int64_t last = samples - 1;
    if (!(x >= T(0))) return {0, 0, T(0)};
    if (x >= T(1)) return {last, last, T(0)};
    const T t = T(last) * x, i = floor(t);
    const std::int64_t low = static_cast<std::int64_t>(i);
    return {low, low < last ? low + 1 : last, t - i};
  }
  DUHDR_HD T value(const T* g) const { return (T(1) - share) * g[low] + share * g[high]; }
  /// d value / d x: the slope of the segment that begins at or below x; 0 outside [0, 1) and at 1.
  DUHDR_HD T slope(const T* g, std::int64_t samples) const { return T(samples - 1) * (g[high] - g[low]); }
};

/// g [N, K] -> [N, K]: steps d_j = g_{j+1} - g_j, lifted by max(0, -min d) so that none falls, summed up from 0 and
/// divided by their total, so that curves run from exactly 0 to exactly 1. The minimum sends its gradient to the first
/// smallest step. A curve that has no step above its smallest (constant, or a falling line) becomes the identity
/// j / (K - 1), with zero gradient.
Variable monotone_curve(const Variable& g);

/// M(g, x): g [N, K], x [N, H, W, C] -> the shape and type of x, by linear interpolation; curve n belongs to image n.
/// Below 0 (and for NaN) g_0, above 1 g_{K-1}, both with zero slope in x; their gradient goes to the end sample.
Variable apply_curve(const Variable& g, const Variable& x);

}  // namespace duhdr
