// SPDX-License-Identifier: Apache-2.0
// make_curve_basis: leading right singular vectors of the centred family, by orthogonal iteration. The matrix of
// inner products is never formed, so that vectors far down the spectrum keep their digits.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "data/curve_basis.h"

namespace duhdr {
namespace {

using Vector = std::vector<double>;
using Columns = std::vector<Vector>;  // columns of a matrix

constexpr int block = 40;       // more vectors than are wanted: what decides how fast the iteration converges
constexpr int iterations = 20;  // each gains a digit in the slower of the two directions

/// In eight partial sums, which a processor adds at once; always in the same order.
double dot(const Vector& a, const Vector& b) {
  std::array<double, 8> sums{};
  for (std::size_t i = 0; i < a.size(); ++i) sums[i % sums.size()] += a[i] * b[i];
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

void add_scaled(Vector& to, double factor, const Vector& from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

void scale(Vector& v, double factor) {
  for (double& value : v) value *= factor;
}

/// Gram-Schmidt, each column against those before it, twice: once is not enough in floating point.
void orthonormalise(Columns& columns) {
  for (std::size_t j = 0; j < columns.size(); ++j) {
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t i = 0; i < j; ++i) add_scaled(columns[j], -dot(columns[i], columns[j]), columns[i]);
    scale(columns[j], 1.0 / std::sqrt(dot(columns[j], columns[j])));
  }
}

/// Every row's products with the columns: rows x columns.
Columns project(const Columns& rows, const Columns& columns) {
  Columns out(columns.size(), Vector(rows.size()));
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c) out[c][r] = dot(rows[r], columns[c]);
  return out;
}

/// Turns pairs of columns of `projected` until all are orthogonal (one-sided Jacobi) and turns `basis` alike: its
/// columns become singular vectors.
void diagonalise(Columns& projected, Columns& basis) {
  bool turned = true;
  for (int sweep = 0; turned && sweep < 30; ++sweep) {
    turned = false;
    for (std::size_t p = 0; p < basis.size(); ++p)
      for (std::size_t q = p + 1; q < basis.size(); ++q) {
        const double pp = dot(projected[p], projected[p]);
        const double qq = dot(projected[q], projected[q]);
        const double pq = dot(projected[p], projected[q]);
        if (std::abs(pq) <= 1e-14 * std::sqrt(pp * qq)) continue;
        turned = true;
        const double zeta = (qq - pp) / (2.0 * pq);
        const double t = std::copysign(1.0, zeta) / (std::abs(zeta) + std::hypot(1.0, zeta));
        const double c = 1.0 / std::hypot(1.0, t);
        for (Columns* columns : {&projected, &basis})
          for (std::size_t i = 0; i < (*columns)[p].size(); ++i) {
            const double a = (*columns)[p][i];
            const double b = (*columns)[q][i];
            (*columns)[p][i] = c * (a - t * b);
            (*columns)[q][i] = c * (t * a + b);
          }
      }
  }
}

/// Orders singular vectors by the length of their projections and fixes their signs.
void arrange(const Columns& projected, Columns& basis) {
  std::vector<std::size_t> order(basis.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return dot(projected[a], projected[a]) > dot(projected[b], projected[b]);
  });
  Columns sorted;
  for (const std::size_t index : order) sorted.push_back(std::move(basis[index]));
  for (Vector& v : sorted) {
    const double peak =
        *std::max_element(v.begin(), v.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    if (peak < 0) scale(v, -1.0);
  }
  basis = std::move(sorted);
}

/// The first right singular vectors of the matrix with these rows, which are zero at both ends.
Columns singular_vectors(const Columns& rows) {
  const std::size_t samples = rows.front().size();
  Columns basis(block, Vector(samples));
  for (std::size_t j = 0; j < block; ++j)
    for (std::size_t i = 1; i + 1 < samples; ++i)
      basis[j][i] = std::sin(std::numbers::pi * static_cast<double>((j + 1) * i) / static_cast<double>(samples - 1));
  orthonormalise(basis);
  for (int iteration = 0; iteration < iterations; ++iteration) {
    const Columns projected = project(rows, basis);
    for (std::size_t j = 0; j < block; ++j) {
      std::fill(basis[j].begin(), basis[j].end(), 0.0);
      for (std::size_t r = 0; r < rows.size(); ++r) add_scaled(basis[j], projected[j][r], rows[r]);
    }
    orthonormalise(basis);
  }
  Columns projected = project(rows, basis);
  diagonalise(projected, basis);
  arrange(projected, basis);
  return basis;
}

}  // namespace

CurveBasis make_curve_basis(CurveDirection direction) {
  Columns rows;
  for (const ResponseFunction& curve : response_family()) rows.push_back(sample(curve, direction, curve_samples));
  Vector mean(curve_samples, 0.0);
  for (const Vector& row : rows) add_scaled(mean, 1.0 / static_cast<double>(rows.size()), row);
  mean.front() = 0.0;
  mean.back() = 1.0;
  for (Vector& row : rows) add_scaled(row, -1.0, mean);

  const Columns basis = singular_vectors(rows);
  CurveBasis out{Tensor::of<double>({curve_samples}, mean), Tensor({curve_samples, curve_vectors}, DType::f64)};
  double* vectors = out.vectors.mutable_data<double>();
  for (std::size_t i = 0; i < curve_samples; ++i)
    for (std::size_t j = 0; j < curve_vectors; ++j) vectors[i * curve_vectors + j] = basis[j][i];
  return out;
}

}  // namespace duhdr
