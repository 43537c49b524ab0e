// SPDX-License-Identifier: Apache-2.0
// A vector of floats in the instruction set that this file is compiled for. Files of this folder are compiled several
// times: whatever they define has internal linkage, and they use no templates or inline functions of the standard
// library, of which the linker would keep one copy for all.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON) && !defined(DUHDR_NO_NEON)
#include <arm_neon.h>
#endif

#include "kernels/conv/cpu/kernels.h"

#define DUHDR_INLINE inline __attribute__((always_inline))
#define DUHDR_UNROLL _Pragma("GCC unroll 32")

namespace duhdr::cpu {
namespace {

#if defined(__AVX512F__)
constexpr const char* isa_name = "avx512";
constexpr int lanes = 16;
constexpr int registers = 32;
using Vec = __m512;
DUHDR_INLINE Vec load(const float* p) { return _mm512_loadu_ps(p); }
DUHDR_INLINE void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
DUHDR_INLINE Vec broadcast(float x) { return _mm512_set1_ps(x); }
DUHDR_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
/// The larger one; the second where either is not a number.
// _mm512_max_ps itself makes GCC 12 warn of an uninitialised value of its own.
DUHDR_INLINE Vec max(Vec a, Vec b) { return _mm512_maskz_max_ps(0xFFFF, a, b); }
DUHDR_INLINE __mmask16 first_lanes(Index n) { return static_cast<__mmask16>((1u << n) - 1u); }
/// n < lanes values; the others are 0 (load) or left alone (store).
DUHDR_INLINE Vec load(const float* p, Index n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
DUHDR_INLINE void store(float* p, Vec v, Index n) { _mm512_mask_storeu_ps(p, first_lanes(n), v); }

#elif defined(__AVX2__) && defined(__FMA__)
constexpr const char* isa_name = "avx2";
constexpr int lanes = 8;
constexpr int registers = 16;
using Vec = __m256;
DUHDR_INLINE Vec load(const float* p) { return _mm256_loadu_ps(p); }
DUHDR_INLINE void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
DUHDR_INLINE Vec broadcast(float x) { return _mm256_set1_ps(x); }
DUHDR_INLINE Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
DUHDR_INLINE Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
DUHDR_INLINE __m256i first_lanes(Index n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
DUHDR_INLINE Vec load(const float* p, Index n) { return _mm256_maskload_ps(p, first_lanes(n)); }
DUHDR_INLINE void store(float* p, Vec v, Index n) { _mm256_maskstore_ps(p, first_lanes(n), v); }

#else
constexpr int lanes = 4;
#if defined(__ARM_NEON) && !defined(DUHDR_NO_NEON)
constexpr const char* isa_name = "neon";
constexpr int registers = 32;
using Vec = float32x4_t;
DUHDR_INLINE Vec fma(Vec a, Vec b, Vec c) { return vfmaq_f32(c, a, b); }
#else
constexpr const char* isa_name = "scalar";
constexpr int registers = 16;
typedef float Vec __attribute__((vector_size(16)));
DUHDR_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
#endif
DUHDR_INLINE Vec max(Vec a, Vec b) { return a > b ? a : b; }
DUHDR_INLINE Vec load(const float* p) {
  Vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
DUHDR_INLINE void store(float* p, Vec v) { __builtin_memcpy(p, &v, sizeof v); }
DUHDR_INLINE Vec broadcast(float x) { return Vec{x, x, x, x}; }
DUHDR_INLINE Vec load(const float* p, Index n) {
  float values[lanes] = {};
  for (Index i = 0; i < n; ++i) values[i] = p[i];
  return load(values);
}
DUHDR_INLINE void store(float* p, Vec v, Index n) {
  float values[lanes];
  store(values, v);
  for (Index i = 0; i < n; ++i) p[i] = values[i];
}
#endif

/// The next min(left, lanes) values.
DUHDR_INLINE Vec load_some(const float* p, Index left) { return left >= lanes ? load(p) : load(p, left); }
DUHDR_INLINE void store_some(float* p, Vec v, Index left) {
  if (left >= lanes)
    store(p, v);
  else
    store(p, v, left);
}

DUHDR_INLINE Vec zero() { return broadcast(0.f); }
DUHDR_INLINE Index least(Index a, Index b) { return a < b ? a : b; }

template <Fused f>
DUHDR_INLINE Vec fused(Vec v) {
  if constexpr (f == Fused::relu) return max(zero(), v);
  if constexpr (f == Fused::leaky_relu) return max(v * broadcast(0.1f), v);
  return v;
}

template <Fused f>
struct FusedConstant {
  static constexpr Fused value = f;
};
template <class F>
DUHDR_INLINE void with_fused(Fused f, F run) {
  if (f == Fused::relu)
    run(FusedConstant<Fused::relu>{});
  else if (f == Fused::leaky_relu)
    run(FusedConstant<Fused::leaky_relu>{});
  else
    run(FusedConstant<Fused::none>{});
}

}  // namespace
}  // namespace duhdr::cpu
