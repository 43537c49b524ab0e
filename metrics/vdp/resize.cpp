// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace duhdr::vdp {
namespace {

double keys(double t) {
  t = std::abs(t);
  if (t <= 1) return (1.5 * t - 2.5) * t * t + 1;
  return t <= 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/// What one output reads along one axis.
template <class T>
struct Tap {
  std::int64_t from;
  T weight;
};

template <class T>
std::vector<std::vector<Tap<T>>> taps(std::int64_t from, std::int64_t to) {
  const double scale = static_cast<double>(to) / static_cast<double>(from), shrink = std::min(scale, 1.0);
  std::vector<std::vector<Tap<T>>> all(static_cast<std::size_t>(to));
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) / scale - 0.5;
    const auto first = static_cast<std::int64_t>(std::floor(centre - 2 / shrink));
    const auto count = static_cast<std::int64_t>(std::ceil(4 / shrink)) + 3;
    double sum = 0;
    for (std::int64_t k = first; k < first + count; ++k) sum += keys((centre - static_cast<double>(k)) * shrink);
    for (std::int64_t k = first; k < first + count; ++k) {
      const double weight = keys((centre - static_cast<double>(k)) * shrink) / sum;
      const std::int64_t folded = (k % (2 * from) + 2 * from) % (2 * from);
      if (weight != 0)
        all[static_cast<std::size_t>(i)].push_back(
            {folded < from ? folded : 2 * from - 1 - folded, static_cast<T>(weight)});
    }
  }
  return all;
}

}  // namespace

template <class T>
Plane<T> resized(const Plane<T>& plane, std::int64_t height, std::int64_t width) {
  if (plane.height() == height && plane.width() == width) return plane;
  const auto vertical = taps<T>(plane.height(), height), horizontal = taps<T>(plane.width(), width);
  Plane<T> rows(height, plane.width()), out(height, width);
  for_rows(height, [&](std::int64_t y) {
    T* const row = rows.row(y);
    std::fill(row, row + plane.width(), T(0));
    for (const Tap<T>& tap : vertical[static_cast<std::size_t>(y)])
      add_scaled(row, tap.weight, plane.row(tap.from), plane.width());
    for (std::int64_t x = 0; x < width; ++x) {
      T sum = 0;
      for (const Tap<T>& tap : horizontal[static_cast<std::size_t>(x)]) sum += tap.weight * row[tap.from];
      out.row(y)[x] = sum;
    }
  });
  return out;
}

template Plane<float> resized(const Plane<float>&, std::int64_t, std::int64_t);
template Plane<double> resized(const Plane<double>&, std::int64_t, std::int64_t);

}  // namespace duhdr::vdp
