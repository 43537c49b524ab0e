// SPDX-License-Identifier: Apache-2.0
// Linear least squares with few unknowns, row by row.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tensor/parallel.h"

namespace duhdr {

/// W minimising sum |x W - y|^2 over rows x of K columns and y of M.
template <std::size_t K, std::size_t M>
class NormalEquations {
 public:
  void add(const std::array<double, K>& x, const std::array<double, M>& y) {
    for (std::size_t i = 0; i < K; ++i) {
      for (std::size_t j = 0; j <= i; ++j) a_[i][j] += x[i] * x[j];
      for (std::size_t m = 0; m < M; ++m) b_[i][m] += x[i] * y[m];
    }
  }

  NormalEquations& operator+=(const NormalEquations& other) {  // the rows of both
    for (std::size_t i = 0; i < K; ++i) {
      for (std::size_t j = 0; j <= i; ++j) a_[i][j] += other.a_[i][j];
      for (std::size_t m = 0; m < M; ++m) b_[i][m] += other.b_[i][m];
    }
    return *this;
  }

  /// Adds strength * |W - W0|^2, where W0 is 1 at `ones` (column, output) and 0 elsewhere.
  void add_ridge(double strength, const std::array<std::pair<std::size_t, std::size_t>, M>& ones) {
    for (std::size_t i = 0; i < K; ++i) a_[i][i] += strength;
    for (const auto& [column, output] : ones) b_[column][output] += strength;
  }

  /// By Cholesky's decomposition. A column that is a sum of the ones before it, within rounding (a constant picture),
  /// gets the weight 0.
  std::array<std::array<double, M>, K> solve() const {
    std::array<std::array<double, K>, K> l{};
    for (std::size_t i = 0; i < K; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        double sum = a_[i][j];
        for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
        constexpr double rounding = 1e-13;
        if (i == j)
          l[i][i] = sum > rounding * a_[i][i] ? std::sqrt(sum) : 0;
        else
          l[i][j] = l[j][j] > 0 ? sum / l[j][j] : 0;
      }
    std::array<std::array<double, M>, K> w = b_;
    for (std::size_t m = 0; m < M; ++m) {
      for (std::size_t i = 0; i < K; ++i) {
        for (std::size_t k = 0; k < i; ++k) w[i][m] -= l[i][k] * w[k][m];
        w[i][m] = l[i][i] > 0 ? w[i][m] / l[i][i] : 0;
      }
      for (std::size_t i = K; i-- > 0;) {
        for (std::size_t k = i + 1; k < K; ++k) w[i][m] -= l[k][i] * w[k][m];
        w[i][m] = l[i][i] > 0 ? w[i][m] / l[i][i] : 0;
      }
    }
    return w;
  }

 private:
  std::array<std::array<double, K>, K> a_{};  // lower triangle of X'X
  std::array<std::array<double, M>, K> b_{};  // X'Y
};

/// Of add(equations, i) for i in [0, n), on all threads; the order of the sums does not depend on how many.
template <std::size_t K, std::size_t M, class F>
NormalEquations<K, M> normal_equations(std::int64_t n, const F& add) {
  constexpr std::int64_t block = 16384;
  std::vector<NormalEquations<K, M>> parts(static_cast<std::size_t>((n + block - 1) / block));
  parallel_for(std::ssize(parts), [&](std::int64_t p) {
    for (std::int64_t i = p * block; i < std::min(n, (p + 1) * block); ++i) add(parts[static_cast<std::size_t>(p)], i);
  });
  NormalEquations<K, M> all;
  for (const auto& part : parts) all += part;
  return all;
}

}  // namespace duhdr
