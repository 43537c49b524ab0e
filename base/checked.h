// SPDX-License-Identifier: Apache-2.0
// Checked arithmetic for every size that a file or a user can influence. One helper, used everywhere.
#pragma once

#include <cstdint>
#include <optional>

namespace duhdr {

inline std::optional<std::uint64_t> checked_mul(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

inline std::optional<std::uint64_t> checked_add(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

}  // namespace duhdr
