// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/masking.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

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
    for (std::int64_t x = 0; x < width; ++x) {
      T sum = 0;
      for (std::int64_t v = std::max<std::int64_t>(y - 1, 0); v <= std::min(y + 1, height - 1); ++v)
        for (std::int64_t u = std::max<std::int64_t>(x - 1, 0); u <= std::min(x + 1, width - 1); ++u)
          sum += both.row(v)[u];
      out.row(y)[x] = sum / 9;
    }
  });
  return out;
}

template <class T>
Plane<T> masked_error(const Plane<T>& difference, const Plane<T>& sensitivity, const Plane<T>& own,
                      const Plane<T>& neighbours, const Plane<T>& mask) {
  Plane<T> out(difference.height(), difference.width());
  const auto power = static_cast<T>(p), masking_power = static_cast<T>(q);
  const auto own_weight = static_cast<T>(own_strength), neighbour_weight = static_cast<T>(neighbour_strength);
  for_rows(out.height(), [&](std::int64_t y) {
    const T *d = difference.row(y), *s = sensitivity.row(y), *m = own.row(y), *n = neighbours.row(y),
            *seen = mask.row(y);
    for (std::int64_t x = 0; x < out.width(); ++x) {
      out.row(y)[x] = 0;
      if (seen[x] == 0 || d[x] == 0 || s[x] <= 0) continue;
      const T noise = own_weight * std::pow(m[x], masking_power) + neighbour_weight * std::pow(n[x], masking_power);
      const T threshold = std::pow(s[x], -power);
      out.row(y)[x] =
          std::abs(std::pow(std::abs(d[x]), power) / std::sqrt(threshold * threshold + noise * noise) * seen[x]);
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
template Plane<float> masked_error(const Plane<float>&, const Plane<float>&, const Plane<float>&, const Plane<float>&,
                                   const Plane<float>&);
template Plane<double> masked_error(const Plane<double>&, const Plane<double>&, const Plane<double>&,
                                    const Plane<double>&, const Plane<double>&);
template double dominant_frequency(const Plane<float>&, double);
template double dominant_frequency(const Plane<double>&, double);

}  // namespace duhdr::vdp
