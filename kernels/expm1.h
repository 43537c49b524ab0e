// SPDX-License-Identifier: Apache-2.0
// exp(x) - 1 of x <= 0, without cancellation near 0. The C library's is a call for every element; in float on the CPU
// this one is arithmetic without branches, so that loops over it become vector instructions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "base/hd.h"

namespace duhdr {

/// condition ? a : b. In float on the CPU both are computed and no branch is left: a compiler must not compute floats
/// that the program would not have, so that a plain choice keeps it from making vector instructions.
template <class T>
DUHDR_HD T select(bool condition, T a, T b) {
#ifndef __CUDA_ARCH__
  if constexpr (std::is_same_v<T, float>) {
    const std::uint32_t mask = 0u - static_cast<std::uint32_t>(condition);
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(a) & mask) | (std::bit_cast<std::uint32_t>(b) & ~mask));
  }
#endif
  return condition ? a : b;
}

/// x = n ln 2 + r, |r| <= ln 2 / 2: 2^n (exp(r) - 1) + (2^n - 1) with Taylor's polynomial. The error stays below one
/// unit in the last place.
inline float expm1_by_arithmetic(float x) {
  constexpr float log2_e = 1.44269504f, ln2_high = 0.693145752f, ln2_low = 1.42860677e-6f;
  constexpr float rounding = 12582912.f;              // 1.5 * 2^23: adding it leaves n in the last bits
  const float clamped = select(x < -20.f, -20.f, x);  // exp(-20) is no longer seen beside 1
  const float shifted = clamped * log2_e + rounding, n = shifted - rounding;
  const float r = (clamped - n * ln2_high) - n * ln2_low;
  const float tail = 1 / 6.f + r * (1 / 24.f + r * (1 / 120.f + r * (1 / 720.f + r * (1 / 5040.f))));
  const float p = r + r * r * (0.5f + r * tail);
  const float power = std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + 127u) << 23);  // 2^n
  return power * p + (power - 1);
}

template <class T>
DUHDR_HD T expm1_below_zero(T x) {
  using std::expm1;
#ifndef __CUDA_ARCH__
  if constexpr (std::is_same_v<T, float>) return expm1_by_arithmetic(x);
#endif
  return expm1(x);
}

}  // namespace duhdr
