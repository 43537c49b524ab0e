// SPDX-License-Identifier: Apache-2.0
// Quantiles of a list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/error.h"

namespace duhdr {

/// The value at place floor(share (n - 1)) of the n sorted values, places counted from 0: share 0 is the least, 1 the
/// largest, 0.5 the median (of an even number the lower middle one). It is one of the values: nothing is interpolated.
/// `values`, not empty and without NaN, are put into another order. Linear time.
template <class T>
T quantile(std::span<T> values, double share) {
  DUHDR_CHECK(!values.empty() && share >= 0 && share <= 1, "quantile ", share, " of ", values.size(), " values");
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace duhdr
