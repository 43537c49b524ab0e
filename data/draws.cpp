// SPDX-License-Identifier: Apache-2.0
#include "data/draws.h"

#include <cmath>

namespace duhdr {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection that changes half of the bits.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

}  // namespace

Philox draws_for(std::uint64_t seed, Purpose purpose, std::uint64_t index) {
  return {seed, mix(mix(static_cast<std::uint64_t>(purpose)) + index)};
}

void fill_normal(const Philox& draws, std::uint64_t first, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); i += 4) {
    const Philox::Words words = draws.words(first + i / 4);
    float normal[4];
    for (int pair = 0; pair < 4; pair += 2) {
      const float u = (static_cast<float>(words.word[pair]) + 0.5f) * 0x1p-32f;  // in (0, 1]
      const float angle = static_cast<float>(words.word[pair + 1]) * (6.28318530717958648f * 0x1p-32f);
      const float radius = std::sqrt(-2.0f * std::log(u));
      normal[pair] = radius * std::cos(angle);
      normal[pair + 1] = radius * std::sin(angle);
    }
    for (std::size_t k = 0; k < 4 && i + k < out.size(); ++k) out[i + k] = normal[k];
  }
}

}  // namespace duhdr
