// SPDX-License-Identifier: Apache-2.0
// Soft histogram of an RGB image: how much each value belongs to each of B + 1 evenly spaced bins of [0, 1].
#pragma once

#include "kernels/pointwise.h"

namespace duhdr {

/// Triangle of bin i out of 0..bins: max(0, 1 - bins |x - i / bins|). Derivative 0 at the bin's centre and ends.
struct SoftBin {
  int bins;
  template <class T>
  DUHDR_HD T operator()(T x, int i) const {
    return Relu{}(T(1) - T(bins) * Abs{}(distance(x, i)));
  }
  template <class T>
  DUHDR_HD T derivative(T x, int i) const {
    const T d = distance(x, i);
    return Relu{}.derivative(T(1) - T(bins) * Abs{}(d)) * -T(bins) * Abs{}.derivative(d);
  }

 private:
  template <class T>
  DUHDR_HD T distance(T x, int i) const {
    return x - T(i) / T(bins);
  }
};

/// x [N, H, W, 3] -> [N, H, W, 3 (bins + 1)], channel 3 i + c is colour c in bin i; bins >= 1.
Variable soft_histogram(const Variable& x, int bins);

}  // namespace duhdr
