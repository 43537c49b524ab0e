// SPDX-License-Identifier: Apache-2.0
#include "base/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace duhdr {
namespace {

constexpr std::uint64_t seed = 1, bootstrap_stream = 1, flip_stream = 2;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Interval bootstrap_interval(std::span<const double> values) {
  if (values.empty()) return {};
  constexpr std::size_t resamples = 10000;
  const Philox draws(seed, bootstrap_stream);
  const std::size_t n = values.size();
  std::vector<double> means(resamples);
  for (std::size_t r = 0; r < resamples; ++r) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i)
      sum += values[static_cast<std::size_t>(draws.uniform(r * n + i) * static_cast<double>(n))];
    means[r] = sum / static_cast<double>(n);
  }
  std::sort(means.begin(), means.end());
  return {mean_of(values), means[resamples * 25 / 1000], means[resamples * 975 / 1000]};
}

double sign_flip_p(std::span<const double> differences) {
  const std::size_t n = differences.size();
  if (n == 0) return 1;
  constexpr std::size_t most_exact = 16, drawn = 20000;
  const bool exact = n <= most_exact;
  const Philox draws(seed, flip_stream);
  double size = 0;
  for (const double d : differences) size += std::abs(d);
  const double bound = std::abs(mean_of(differences) * static_cast<double>(n)) - 1e-12 * size;  // sums in another order
  const std::size_t patterns = exact ? std::size_t{1} << n : drawn;
  std::size_t as_far = 0;
  for (std::size_t k = 0; k < patterns; ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const bool flip = exact ? (k >> i & 1) != 0 : k > 0 && draws.uniform(k * n + i) < 0.5;
      sum += flip ? -differences[i] : differences[i];
    }
    as_far += std::abs(sum) >= bound ? 1 : 0;
  }
  return static_cast<double>(as_far) / static_cast<double>(patterns);
}

}  // namespace duhdr
