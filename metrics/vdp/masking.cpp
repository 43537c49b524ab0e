// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/masking.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "metrics/vdp/elementary.h"
#include "metrics/vdp/fft.h"

namespace duhdr::vdp {
namespace {

const double p = std::pow(10, .3424), q = std::pow(10, .108934275615);
const double own_strength = std::pow(10, 1.41846291721), neighbour_strength = std::pow(10, .136877512403);

double frequency_of(std::int64_t k, std::int64_t n) {  // cycles/sample
  return static_cast<double>(k < (n + 1) / 2 ? k : k - n) / static_cast<double>(n);
}

}  // namespace

template <class T>
Plane<T> mutual_masking(const Plane<T>& test, const Plane<T>& reference) {
  const Plane<T> both = map([](T t, T r) { return std::min(std::abs(t), std::abs(r)); }, test, reference);
  const std::int64_t height = both.height(), width = both.width();
  Plane<T> out(height, width);
  for_rows(height, [&](std::int64_t y) {
    std::vector<T> line(static_cast<std::size_t>(width + 2));  // of sums of columns, 0 at both ends
    T* const sums = line.data() + 1;
    for (std::int64_t v = std::max<std::int64_t>(y - 1, 0); v <= std::min(y + 1, height - 1); ++v)
      add_scaled(sums, T(1), both.row(v), width);
    T* const to = out.row(y);
    for (std::int64_t x = 0; x < width; ++x) to[x] = (sums[x - 1] + sums[x] + sums[x + 1]) / 9;
  });
  return out;
}

template <class T>
Plane<T> pooled_error(const Plane<T>& difference, const Plane<T>& sensitivity, const Plane<T>& own,
                      const Plane<T>& neighbours, const Plane<T>& mask) {
  Plane<T> out(difference.height(), difference.width());
  const auto exponent = static_cast<T>(p), masking_exponent = static_cast<T>(q);
  const auto pool = static_cast<T>(pooling_exponent);
  const auto own_weight = static_cast<T>(own_strength), neighbour_weight = static_cast<T>(neighbour_strength);
  for_rows(out.height(), [&](std::int64_t y) {
    const T *d = difference.row(y), *s = sensitivity.row(y), *m = own.row(y), *n = neighbours.row(y),
            *seen = mask.row(y);
    T* const to = out.row(y);
    for (std::int64_t x = 0; x < out.width(); ++x) {
      const T noise = own_weight * power(m[x], masking_exponent) + neighbour_weight * power(n[x], masking_exponent);
      const T gain = power(s[x], exponent), weight = gain * noise;
      const T error = power(std::abs(d[x]), exponent) * gain / std::sqrt(1 + weight * weight) * std::abs(seen[x]);
      to[x] = power(error, pool);
    }
  });
  return out;
}

template <class T>
double dominant_frequency(const Plane<T>& plane, double samples_per_degree) {
  using Complex = std::complex<double>;
  const std::int64_t height = plane.height(), width = plane.width();
  std::vector<Complex> rows(static_cast<std::size_t>(height * width)),
      line(static_cast<std::size_t>(std::max(height, width))), out(line.size());
  Fft along_row(width), along_column(height);
  for (std::int64_t y = 0; y < height; ++y) {
    std::copy(plane.row(y), plane.row(y) + width, line.begin());
    along_row.transform(line.data(), rows.data() + y * width);
  }
  std::vector<double> sizes;
  for (std::int64_t x = 0; x < width; ++x) {
    for (std::int64_t y = 0; y < height; ++y)
      line[static_cast<std::size_t>(y)] = rows[static_cast<std::size_t>(y * width + x)];
    along_column.transform(line.data(), out.data());
    for (std::int64_t y = 0; y < height; ++y) sizes.push_back(std::abs(out[static_cast<std::size_t>(y)]));
  }
  sizes.front() = 0;
  const double largest = *std::max_element(sizes.begin(), sizes.end());
  if (largest == 0) return 0;
  constexpr double equal = 1 - 1e-9;
  const auto first = std::find_if(sizes.begin(), sizes.end(), [&](double size) { return size >= equal * largest; });
  const auto at = static_cast<std::int64_t>(first - sizes.begin());
  return samples_per_degree * std::hypot(frequency_of(at % height, height), frequency_of(at / height, width));
}

template Plane<float> mutual_masking(const Plane<float>&, const Plane<float>&);
template Plane<double> mutual_masking(const Plane<double>&, const Plane<double>&);
template Plane<float> pooled_error(const Plane<float>&, const Plane<float>&, const Plane<float>&, const Plane<float>&,
                                   const Plane<float>&);
template Plane<double> pooled_error(const Plane<double>&, const Plane<double>&, const Plane<double>&,
                                    const Plane<double>&, const Plane<double>&);
template double dominant_frequency(const Plane<float>&, double);
template double dominant_frequency(const Plane<double>&, double);

}  // namespace duhdr::vdp
