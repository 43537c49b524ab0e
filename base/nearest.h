// SPDX-License-Identifier: Apache-2.0
// The name that was probably meant.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace duhdr {

/// Levenshtein distance, in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that is most like `word`, or nothing when none is (more than about a third differs).
template <class Candidates>
std::optional<std::string> nearest(std::string_view word, const Candidates& candidates) {
  if (word.size() > 100) return {};
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace duhdr
