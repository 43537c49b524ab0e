// SPDX-License-Identifier: Apache-2.0
// Element types. bf16 and f16 are storage types: arithmetic on them happens in float.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/error.h"
#include "base/hd.h"

namespace duhdr {

enum class DType : std::uint8_t { f64, f32, bf16, f16, u8 };

std::size_t size_of(DType dtype);
const char* name_of(DType dtype);

namespace detail {
DUHDR_HD std::uint32_t float_bits(float x) {
  union {
    float f;
    std::uint32_t u;
  } v;
  v.f = x;
  return v.u;
}
DUHDR_HD float bits_float(std::uint32_t x) {
  union {
    std::uint32_t u;
    float f;
  } v;
  v.u = x;
  return v.f;
}
}  // namespace detail

/// bfloat16: the upper half of a float, rounded to nearest even.
struct bf16 {
  std::uint16_t bits;
  bf16() = default;
  DUHDR_HD explicit bf16(float x) {
    const std::uint32_t u = detail::float_bits(x);
    const bool nan = (u & 0x7FFFFFFFu) > 0x7F800000u;
    bits = static_cast<std::uint16_t>(nan ? (u >> 16) | 0x40u : (u + 0x7FFFu + ((u >> 16) & 1u)) >> 16);
  }
  DUHDR_HD operator float() const { return detail::bits_float(static_cast<std::uint32_t>(bits) << 16); }
};

/// IEEE 754 binary16, rounded to nearest even; overflow becomes infinity.
struct f16 {
  std::uint16_t bits;
  f16() = default;
  DUHDR_HD explicit f16(float x) {
    const std::uint32_t u = detail::float_bits(x);
    const std::uint32_t sign = (u >> 16) & 0x8000u;
    const std::uint32_t magnitude = u & 0x7FFFFFFFu;
    std::uint32_t h = 0;
    if (magnitude > 0x7F800000u) {
      h = 0x7E00u;
    } else if (magnitude >= 0x477FF000u) {  // rounds to more than 65504
      h = 0x7C00u;
    } else if (magnitude < 0x38800000u) {  // subnormal half: let the float adder round to a multiple of 2^-24
      h = detail::float_bits(detail::bits_float(magnitude) + 0.5f) - 0x3F000000u;
    } else {
      h = (magnitude - 0x38000000u + 0xFFFu + ((magnitude >> 13) & 1u)) >> 13;
    }
    bits = static_cast<std::uint16_t>(sign | h);
  }
  DUHDR_HD operator float() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t rest = bits & 0x7FFFu;
    if (rest >= 0x7C00u) return detail::bits_float(sign | 0x7F800000u | ((rest & 0x3FFu) << 13));
    if (rest >= 0x400u) return detail::bits_float(sign | ((rest << 13) + 0x38000000u));
    return detail::bits_float(sign | detail::float_bits(static_cast<float>(rest) * 5.9604644775390625e-08f));
  }
};

/// The type in which arithmetic on T is done: double for f64, float for everything else.
template <class T>
using Compute = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, double>) return DType::f64;
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  if constexpr (std::is_same_v<T, bf16>) return DType::bf16;
  if constexpr (std::is_same_v<T, f16>) return DType::f16;
  if constexpr (std::is_same_v<T, std::uint8_t>) return DType::u8;
}

/// Calls f(T{}) with the C++ type of `dtype`. Differentiable ops exist in f64 (CPU only), f32 and bf16.
template <class F>
decltype(auto) with_float_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f64:
      return f(double{});
    case DType::f32:
      return f(float{});
    case DType::bf16:
      return f(bf16{});
    default:
      throw Error(ExitCode::internal, message("no arithmetic in element type ", name_of(dtype)));
  }
}

/// Calls f(T{}) for every element type, u8 and f16 included (copies and casts).
template <class F>
decltype(auto) with_any_type(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f16:
      return f(f16{});
    case DType::u8:
      return f(std::uint8_t{});
    default:
      return with_float_type(dtype, static_cast<F&&>(f));
  }
}

}  // namespace duhdr
