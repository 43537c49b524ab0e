// SPDX-License-Identifier: Apache-2.0
// Reflection at the edges of an image without repeating the edge pixel (... 2 1 | 0 1 2 ... n-1 | n-2 n-3 ...),
// folded back as often as needed. A side of 1 repeats its pixel.
#pragma once

#include <cstdint>

#include "base/hd.h"

namespace duhdr {

namespace detail {
/// index modulo period, in [0, period); cheap for the positions just outside of an image
DUHDR_HD std::int64_t phase_of(std::int64_t index, std::int64_t period) {
  if (index < 0 && index >= -period) return index + period;
  if (index >= 0 && index < period) return index;
  const std::int64_t rest = index % period;
  return rest < 0 ? rest + period : rest;
}
}  // namespace detail

/// The index in [0, n) that position `index` shows; n >= 1, any index.
DUHDR_HD std::int64_t fold(std::int64_t index, std::int64_t n) {
  if (index >= 0 && index < n) return index;
  if (n == 1) return 0;
  const std::int64_t period = 2 * (n - 1), phase = detail::phase_of(index, period);
  return phase < n ? phase : period - phase;
}

/// The smallest position >= `from` that shows `index`, i.e. fold(position, n) == index. A gather over everything that
/// reads pixel `index` from the padded range [lo, hi) is
///   for (auto p = next_preimage(lo, index, n); p < hi; p = next_preimage(p + 1, index, n)) ...
DUHDR_HD std::int64_t next_preimage(std::int64_t from, std::int64_t index, std::int64_t n) {
  if (n == 1) return from;
  const std::int64_t period = 2 * (n - 1), phase = detail::phase_of(from, period);
  const std::int64_t direct = detail::phase_of(index - phase, period);
  const std::int64_t mirrored = detail::phase_of(-index - phase, period);
  return from + (direct < mirrored ? direct : mirrored);
}

}  // namespace duhdr
