// SPDX-License-Identifier: Apache-2.0
// Sums over the pixels of a picture, on all threads, whose order does not depend on how many there are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "tensor/parallel.h"

namespace duhdr {

/// Sum of f(i) for i in [0, n), in double.
template <class F>
double sum_of(std::int64_t n, const F& f) {
  constexpr std::int64_t block = 16384;
  std::vector<double> sums(static_cast<std::size_t>((n + block - 1) / block));
  parallel_for(std::ssize(sums), [&](std::int64_t b) {
    double sum = 0;
    for (std::int64_t i = b * block; i < std::min(n, (b + 1) * block); ++i) sum += f(i);
    sums[static_cast<std::size_t>(b)] = sum;
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace duhdr
