// SPDX-License-Identifier: Apache-2.0
// A function of luminance by its values at equal distances of log10 cd/m2, joined by straight lines.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace duhdr::vdp {

constexpr double log_table_lowest = -5, log_table_highest = 5;  // log10 of cd/m2

/// Luminance at the i-th of n points.
inline double log_table_luminance(std::size_t i, std::size_t n) {
  return std::pow(10, log_table_lowest +
                          (log_table_highest - log_table_lowest) * static_cast<double>(i) / static_cast<double>(n - 1));
}

template <class T>
class LogTable {
 public:
  explicit LogTable(const std::vector<double>& values)  // 2 at least
      : values_(values.begin(), values.end()),
        density_(static_cast<T>(static_cast<double>(values.size() - 1) / (log_table_highest - log_table_lowest))) {}

  /// Clamped to the ends; what is no number counts as the lowest.
  T at(T log10_luminance) const {
    constexpr auto lowest = static_cast<T>(log_table_lowest), highest = static_cast<T>(log_table_highest);
    const T place = (std::min(highest, std::max(lowest, log10_luminance)) - lowest) * density_;
    const std::int32_t left = std::min(static_cast<std::int32_t>(place), static_cast<std::int32_t>(values_.size()) - 2);
    const T* const value = values_.data() + left;
    return value[0] + (value[1] - value[0]) * (place - static_cast<T>(left));
  }

 private:
  std::vector<T> values_;
  T density_;  // intervals of a decade
};

}  // namespace duhdr::vdp
