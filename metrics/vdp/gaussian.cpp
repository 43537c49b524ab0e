// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/gaussian.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace duhdr::vdp {
namespace {

constexpr double least_fourier_sigma = 4.3;  // pixels

/// Half of a kernel with sum 1: weights of the pixels at distance 0, 1, ...
template <class T>
std::vector<T> half_kernel(double sigma, std::int64_t radius) {
  std::vector<double> weights;
  for (std::int64_t d = 0; d <= radius; ++d)
    weights.push_back(std::exp(-static_cast<double>(d * d) / (2 * sigma * sigma)));
  double sum = 0;
  for (auto weight = weights.rbegin(); weight != weights.rend(); ++weight) sum += 2 * *weight;
  sum -= weights[0];
  std::vector<T> out;
  for (const double weight : weights) out.push_back(static_cast<T>(weight / sum));
  return out;
}

template <class T>
std::int64_t radius_of(double sigma) {
  if (sigma < least_fourier_sigma) return static_cast<std::int64_t>(std::floor(6 * sigma + 0.5)) / 2;
  // What is left out weighs less than the rounding.
  const auto epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  return static_cast<std::int64_t>(std::ceil(sigma * std::sqrt(-2 * std::log(epsilon))));
}

/// The pixel of a line of n that stands at `place`.
std::int64_t source(std::int64_t place, std::int64_t n, bool around) {
  if (around) place = (place % (2 * n) + 2 * n) % (2 * n);
  return std::clamp<std::int64_t>(place, 0, n - 1);
}

template <class T>
Plane<T> blurred(const Plane<T>& plane, double sigma, std::int64_t radius, bool around) {
  const std::int64_t height = plane.height(), width = plane.width();
  const std::vector<T> kernel = half_kernel<T>(sigma, radius);
  Plane<T> out(height, width);
  for_rows(height, [&](std::int64_t y) {
    std::vector<T> line(static_cast<std::size_t>(width + 2 * radius));
    T* const middle = line.data() + radius;
    const auto row = [&](std::int64_t place) { return plane.row(source(place, height, around)); };
    add_scaled(middle, kernel[0], row(y), width);
    for (std::int64_t d = 1; d <= radius; ++d) add_scaled(middle, kernel.data()[d], row(y - d), row(y + d), width);
    for (std::int64_t d = 1; d <= radius; ++d) {
      middle[-d] = middle[source(-d, width, around)];
      middle[width - 1 + d] = middle[source(width - 1 + d, width, around)];
    }
    T* const to = out.row(y);
    std::fill_n(to, width, T{0});
    add_scaled(to, kernel[0], middle, width);
    for (std::int64_t d = 1; d <= radius; ++d) add_scaled(to, kernel.data()[d], middle - d, middle + d, width);
  });
  return out;
}

}  // namespace

template <class T>
Plane<T> blur(const Plane<T>& plane, double sigma) {
  return blurred(plane, sigma, radius_of<T>(sigma), sigma >= least_fourier_sigma);
}

template <class T>
Plane<T> blur(const Plane<T>& plane, double sigma, std::int64_t radius) {
  return blurred(plane, sigma, radius, false);
}

template Plane<float> blur(const Plane<float>&, double);
template Plane<double> blur(const Plane<double>&, double);
template Plane<double> blur(const Plane<double>&, double, std::int64_t);

}  // namespace duhdr::vdp
