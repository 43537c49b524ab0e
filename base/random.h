// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
// A draw depends on (seed, stream, index) alone, so it is the same on every device and for any number of threads.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/hd.h"

namespace duhdr {

class Philox {
 public:
  DUHDR_HD Philox(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  /// The four 32-bit words of counter value `index`.
  struct Words {
    std::uint32_t word[4];
  };
  DUHDR_HD Words words(std::uint64_t index) const {
    std::uint32_t c[4] = {low(index), high(index), low(stream_), high(stream_)};
    std::uint32_t key[2] = {low(seed_), high(seed_)};
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = 0xD2511F53ull * c[0], p1 = 0xCD9E8D57ull * c[2];
      const std::uint32_t next[4] = {high(p1) ^ c[1] ^ key[0], low(p1), high(p0) ^ c[3] ^ key[1], low(p0)};
      for (int k = 0; k < 4; ++k) c[k] = next[k];
      key[0] += 0x9E3779B9u;
      key[1] += 0xBB67AE85u;
    }
    return {{c[0], c[1], c[2], c[3]}};
  }

  /// Uniform in [0, 1), 53 bits.
  DUHDR_HD double uniform(std::uint64_t index) const { return uniform_of(words(index), 0); }

  /// Standard normal (Box-Muller on the two halves of one counter value).
  DUHDR_HD double normal(std::uint64_t index) const {
    using std::cos;
    using std::log;
    using std::sqrt;
    const Words w = words(index);
    return sqrt(-2.0 * log(1.0 - uniform_of(w, 0))) * cos(6.283185307179586 * uniform_of(w, 2));
  }

 private:
  DUHDR_HD static std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  DUHDR_HD static std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }
  DUHDR_HD static double uniform_of(const Words& w, int first) {
    const std::uint64_t bits = (static_cast<std::uint64_t>(w.word[first]) << 32) | w.word[first + 1];
    return static_cast<double>(bits >> 11) * 0x1.0p-53;
  }

  std::uint64_t seed_, stream_;
};

}  // namespace duhdr
