// SPDX-License-Identifier: Apache-2.0
// Linear least squares with few unknowns, row by row.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

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

}  // namespace duhdr
