// SPDX-License-Identifier: Apache-2.0
// Random draws of the data sets: each purpose and each sample has a Philox stream of its own, so that no draw depends
// on how many others were made before it.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "base/random.h"

namespace duhdr {

enum class Purpose : std::uint64_t {
  file = 1,
  window,
  turn,
  camera,
  source,
  scene,
  curve_split,
  evaluation,
  pseudo_window
};

/// The stream of sample `index` (or batch, where a batch draws) for one purpose.
Philox draws_for(std::uint64_t seed, Purpose purpose, std::uint64_t index);

/// A whole number in [0, count), count >= 1.
inline std::int64_t pick(const Philox& draws, std::uint64_t counter, std::int64_t count) {
  return static_cast<std::int64_t>(draws.uniform(counter) * static_cast<double>(count));
}

/// Whether something of this probability happens.
inline bool happens(const Philox& draws, std::uint64_t counter, double probability) {
  return draws.uniform(counter) < probability;
}

/// A number in [lo, hi), uniform, or with a uniform logarithm (0 < lo <= hi).
inline double between(const Philox& draws, std::uint64_t counter, double lo, double hi) {
  return lo + (hi - lo) * draws.uniform(counter);
}
inline double log_between(const Philox& draws, std::uint64_t counter, double lo, double hi) {
  return lo * std::pow(hi / lo, draws.uniform(counter));
}

/// Standard normals in f32 from counter values first, first + 1, ...: four of each, by Box-Muller.
void fill_normal(const Philox& draws, std::uint64_t first, std::span<float> out);

}  // namespace duhdr
