// SPDX-License-Identifier: Apache-2.0
// The innermost loop: a few rows times a block of packed weights, sums in registers.
#pragma once

#include "kernels/conv/cpu/isa/simd.h"

namespace duhdr::cpu {
namespace {

/// Rows whose sums of `vectors` vectors each fit into the registers, with room for weights and a broadcast value.
constexpr int rows_of(int vectors) { return (registers == 32 ? 24 : 12) / vectors; }

/// What happens to finished sums, and where they go; without one they are stored as they are, to be gone on with.
struct Finish {
  float* y;               // of the first row
  Index y_step;           // between rows
  const float* bias;      // of the block's first channel, or null
  const float* residual;  // of the first row, or null
  Index channels;         // of the block that exist
  Fused activation;
};

/// The rows of one call: row m reads a + m step; its sums lie at c + m c_step.
struct Rows {
  const float* a;
  Index step;
  float* c;
  Index c_step;
};

template <int rows, int vectors>
DUHDR_INLINE void finish_rows(const Vec (&sum)[rows][vectors], const Finish& f) {
  // Where pixels lie one after another, a vector that is longer than its pixel may write into the next one of these
  // rows, which comes after it: storing a part of a vector takes AVX2 as long as ten whole ones.
  const Index may_end = f.y_step == f.channels ? rows * f.y_step : 0;
  with_fused(f.activation, [&](auto fuse) {
    DUHDR_UNROLL
    for (int m = 0; m < rows; ++m) {
      DUHDR_UNROLL
      for (int v = 0; v < vectors; ++v) {
        const Index left = f.channels - v * lanes, at = m * f.y_step + v * lanes;
        if (left <= 0) break;
        Vec value = sum[m][v] + (f.bias ? load_some(f.bias + v * lanes, left) : zero());
        if (f.residual) value = value + load_some(f.residual + at, left);
        store_some(f.y + at, fused<decltype(fuse)::value>(value), at + lanes <= may_end ? lanes : left);
      }
    }
  });
}

/// c[m][...] (+)= sum over r < runs, k < length of a[m step + r run_step + k] b[(r length + k)][...], in this order.
template <int rows, int vectors>
__attribute__((noinline)) void multiply(const Rows& at, Index run_step, int runs, int length, const float* b,
                                        bool go_on, const Finish* finish) {
  Vec sum[rows][vectors];
  DUHDR_UNROLL
  for (int m = 0; m < rows; ++m) {
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) sum[m][v] = go_on ? load(at.c + m * at.c_step + v * lanes) : zero();
  }
  const Index step = at.step;
  for (int r = 0; r < runs; ++r) {
    // Few base registers, each a small multiple of the step away from its rows: x86 addresses reach no further.
    const float* a[(rows + 2) / 3];
    DUHDR_UNROLL
    for (int g = 0; g < (rows + 2) / 3; ++g) a[g] = at.a + r * run_step + 3 * g * step;
    for (int k = 0; k < length; ++k) {
      Vec weight[vectors];
      DUHDR_UNROLL
      for (int v = 0; v < vectors; ++v) weight[v] = load(b + v * lanes);
      DUHDR_UNROLL
      for (int m = 0; m < rows; ++m) {
        const Vec value = broadcast(a[m / 3][(m % 3) * step]);
        DUHDR_UNROLL
        for (int v = 0; v < vectors; ++v) sum[m][v] = fma(value, weight[v], sum[m][v]);
      }
      b += vectors * lanes;
      DUHDR_UNROLL
      for (int g = 0; g < (rows + 2) / 3; ++g) ++a[g];
    }
  }
  if (finish) return finish_rows<rows, vectors>(sum, *finish);
  DUHDR_UNROLL
  for (int m = 0; m < rows; ++m) {
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) store(at.c + m * at.c_step + v * lanes, sum[m][v]);
  }
}

using Multiply = void (*)(const Rows&, Index, int, int, const float*, bool, const Finish*);

template <int vectors, int... rows>
struct MultiplyTable {
  static constexpr Multiply of[] = {nullptr, multiply<rows, vectors>...};
};
#if defined(__AVX512F__) || (defined(__ARM_NEON) && !defined(DUHDR_NO_NEON))
#define DUHDR_ROWS_OF_TWO 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
#define DUHDR_ROWS_OF_ONE DUHDR_ROWS_OF_TWO, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
#else
#define DUHDR_ROWS_OF_TWO 1, 2, 3, 4, 5, 6
#define DUHDR_ROWS_OF_ONE DUHDR_ROWS_OF_TWO, 7, 8, 9, 10, 11, 12
#endif

/// The function for 1 <= rows <= rows_of(vectors) rows.
DUHDR_INLINE Multiply multiply_of(int vectors, Index rows) {
  return vectors == 2 ? MultiplyTable<2, DUHDR_ROWS_OF_TWO>::of[rows] : MultiplyTable<1, DUHDR_ROWS_OF_ONE>::of[rows];
}

/// c[m][...] (+)= sum over k < length of a[k a_step + m] b[k b_step + ...].
template <int rows, int vectors>
__attribute__((noinline)) void outer(const float* a, Index a_step, const float* b, Index b_step, Index length, float* c,
                                     Index c_step, bool go_on) {
  Vec sum[rows][vectors];
  DUHDR_UNROLL
  for (int m = 0; m < rows; ++m) {
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) sum[m][v] = go_on ? load(c + m * c_step + v * lanes) : zero();
  }
  for (Index k = 0; k < length; ++k) {
    Vec right[vectors];
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) right[v] = load(b + v * lanes);
    DUHDR_UNROLL
    for (int m = 0; m < rows; ++m) {
      const Vec left = broadcast(a[m]);
      DUHDR_UNROLL
      for (int v = 0; v < vectors; ++v) sum[m][v] = fma(left, right[v], sum[m][v]);
    }
    a += a_step;
    b += b_step;
  }
  DUHDR_UNROLL
  for (int m = 0; m < rows; ++m) {
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) store(c + m * c_step + v * lanes, sum[m][v]);
  }
}

using Outer = void (*)(const float*, Index, const float*, Index, Index, float*, Index, bool);

template <int vectors, int... rows>
struct OuterTable {
  static constexpr Outer of[] = {nullptr, outer<rows, vectors>...};
};

/// The function for 1 <= rows <= rows_of(vectors) rows.
DUHDR_INLINE Outer outer_of(int vectors, Index rows) {
  return vectors == 2 ? OuterTable<2, DUHDR_ROWS_OF_TWO>::of[rows] : OuterTable<1, DUHDR_ROWS_OF_ONE>::of[rows];
}
#undef DUHDR_ROWS_OF_ONE
#undef DUHDR_ROWS_OF_TWO

}  // namespace
}  // namespace duhdr::cpu
