// SPDX-License-Identifier: Apache-2.0
// Logarithms, exponentials and powers in nothing but arithmetic: loops over them are compiled for vectors, and every
// processor finds the same bits.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>
#include <utility>

namespace duhdr::vdp {

/// How a number is stored, and how many terms of its series reach its precision.
template <class T>
struct Format {
  static constexpr bool wide = std::is_same_v<T, double>;
  using Bits = std::conditional_t<wide, std::uint64_t, std::uint32_t>;
  static constexpr int mantissa = std::numeric_limits<T>::digits - 1, bias = std::numeric_limits<T>::max_exponent - 1;
  static constexpr std::size_t log_terms = wide ? 11 : 6, exp_terms = wide ? 15 : 9;
  static constexpr T unit = static_cast<T>(Bits{1} << mantissa);  // from here to twice that a step of the bits is 1
};

/// Sum of c[k] x^k.
template <class T, std::size_t N>
[[gnu::always_inline]] inline T polynomial(const std::array<T, N>& c, T x) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    T sum = c[N - 1];
    ((sum = sum * x + c[N - 2 - I]), ...);
    return sum;
  }
  (std::make_index_sequence<N - 1>());
}

/// 2 / ln 2 / (2k + 1): log2((1 + s) / (1 - s)) / s in powers of s^2.
template <class T>
constexpr auto log2_series = [] {
  std::array<T, Format<T>::log_terms> c{};
  for (std::size_t k = 0; k < c.size(); ++k)
    c[k] = static_cast<T>(2 / (std::numbers::ln2 * static_cast<double>(2 * k + 1)));
  return c;
}();

/// ln(2)^k / k!: 2^f in powers of f.
template <class T>
constexpr auto exp2_series = [] {
  std::array<T, Format<T>::exp_terms> c{};
  double term = 1;
  for (std::size_t k = 0; k < c.size(); ++k) {
    c[k] = static_cast<T>(term);
    term *= std::numbers::ln2 / static_cast<double>(k + 1);
  }
  return c;
}();

/// x normal and above 0. Error: 2 units in the last place, or of 1 near x = 1.
template <class T>
[[gnu::always_inline]] inline T log2(T x) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  constexpr auto root2 = std::numbers::sqrt2_v<T>;
  const Bits bits = std::bit_cast<Bits>(x);
  const T fraction = std::bit_cast<T>((bits & ((Bits{1} << F::mantissa) - 1)) | std::bit_cast<Bits>(T(1)));  // [1, 2)
  const T exponent = std::bit_cast<T>((bits >> F::mantissa) | std::bit_cast<Bits>(F::unit)) - F::unit;
  const bool large = fraction > root2;
  const T near_one = large ? fraction / 2 : fraction, s = (near_one - 1) / (near_one + 1);
  return (exponent - static_cast<T>(large ? F::bias - 1 : F::bias)) + s * polynomial(log2_series<T>, s * s);
}

/// 2^y to 2 units in the last place; y beyond the exponents of normal numbers counts as the nearest of them.
template <class T>
[[gnu::always_inline]] inline T exp2(T y) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  constexpr T rounding = F::unit + F::unit / 2;
  y = std::min(std::max(y, static_cast<T>(1 - F::bias)), static_cast<T>(F::bias));
  const T shifted = y + rounding;  // whole numbers now, in the last bits
  const T scale = std::bit_cast<T>((std::bit_cast<Bits>(shifted) + Bits{F::bias}) << F::mantissa);
  return polynomial(exp2_series<T>, y - (shifted - rounding)) * scale;
}

/// x^y for x >= 0 and a result that is a normal number; 0 where x is not normal.
template <class T>
[[gnu::always_inline]] inline T power(T x, T y) {
  return x >= std::numeric_limits<T>::min() ? exp2(y * log2(x)) : T(0);
}

template <class T>
[[gnu::always_inline]] inline T log10(T x) {
  return log2(x) * static_cast<T>(std::numbers::ln2 / std::numbers::ln10);
}

template <class T>
[[gnu::always_inline]] inline T log(T x) {
  return log2(x) * std::numbers::ln2_v<T>;
}

template <class T>
[[gnu::always_inline]] inline T exp(T x) {
  return exp2(x * std::numbers::log2e_v<T>);
}

}  // namespace duhdr::vdp
