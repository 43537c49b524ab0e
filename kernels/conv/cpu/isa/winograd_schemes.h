// SPDX-License-Identifier: Apache-2.0
// Winograd's schemes along one axis: F(4, taps) makes four results from `points` pixels. A point p stands for the value
// of a polynomial there: the input's times the kernel's are the result's. Lavin and Gray, Fast algorithms for
// convolutional neural networks, 2016; Barabasz et al., Error analysis and improving the accuracy of Winograd
// convolution, 2020. Point 0 sees the first pixel and the first tap, the last one, infinity, the last of both; no other
// sees the first pixel or the last.
#pragma once

#include "kernels/conv/cpu/isa/simd.h"

namespace duhdr::cpu {
namespace {

DUHDR_INLINE Vec constant(double x) { return broadcast(static_cast<float>(x)); }

/// Six values -> the points 0, +-a, +-b of a scheme and infinity.
template <class Scheme>
DUHDR_INLINE void paired_input(const Vec (&d)[6], Vec (&o)[6]) {
  constexpr double a = Scheme::a, b = Scheme::b, a2 = a * a, b2 = b * b;
  const Vec product = constant(a2 * b2), sum = constant(-(a2 + b2));
  o[0] = fma(product, d[0], fma(sum, d[2], d[4]));
  const Vec even_a = fma(constant(-b2), d[2], d[4]), odd_a = fma(constant(-b2), d[1], d[3]);
  o[1] = fma(constant(a), odd_a, even_a);
  o[2] = fma(constant(-a), odd_a, even_a);
  const Vec even_b = fma(constant(-a2), d[2], d[4]), odd_b = fma(constant(-a2), d[1], d[3]);
  o[3] = fma(constant(b), odd_b, even_b);
  o[4] = fma(constant(-b), odd_b, even_b);
  o[5] = fma(product, d[1], fma(sum, d[3], d[5]));
}

/// Three taps. The points are 0, +-11/16, +-11/8 and infinity, which keep the rounding error four to five times that of
/// plain sums (the customary 0, +-1, +-2: about thirty times).
struct F43 {
  static constexpr int points = 6, taps = 3;
  static constexpr double a = 11.0 / 16, b = 11.0 / 8, a2 = a * a, b2 = b * b;
  static constexpr double zero_scale = 1 / (a2 * b2), a_scale = 1 / (2 * a2 * (a2 - b2)),
                          b_scale = 1 / (2 * b2 * (b2 - a2));

  /// Six pixels -> six points.
  static DUHDR_INLINE void input(const Vec (&d)[6], Vec (&o)[6]) { paired_input<F43>(d, o); }

  /// Six points -> four results; points that a kernel does without are left out.
  template <bool has_zero, bool has_infinity>
  static DUHDR_INLINE void output(const Vec (&q)[6], Vec (&y)[4]) {
    const Vec sum_a = q[1] + q[2], diff_a = q[1] - q[2], sum_b = q[3] + q[4], diff_b = q[3] - q[4];
    y[0] = has_zero ? (q[0] + sum_a) + sum_b : sum_a + sum_b;
    y[1] = fma(constant(a), diff_a, constant(b) * diff_b);
    y[2] = fma(constant(a2), sum_a, constant(b2) * sum_b);
    const Vec cubes = constant(b2 * b) * diff_b;
    y[3] = fma(constant(a2 * a), diff_a, has_infinity ? cubes + q[5] : cubes);
  }

  /// The transpose of output: gradients of four results -> of six points.
  static DUHDR_INLINE void gradient(const Vec (&y)[4], Vec (&o)[6]) {
    o[0] = y[0];
    const Vec even_a = fma(constant(a2), y[2], y[0]), odd_a = constant(a) * fma(constant(a2), y[3], y[1]);
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    const Vec even_b = fma(constant(b2), y[2], y[0]), odd_b = constant(b) * fma(constant(b2), y[3], y[1]);
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = y[3];
  }

  /// Three taps -> six points.
  static DUHDR_INLINE void kernel(const Vec (&t)[3], Vec (&o)[6]) {
    o[0] = t[0] * constant(zero_scale);
    const Vec even_a = fma(constant(a2), t[2], t[0]) * constant(a_scale), odd_a = t[1] * constant(a * a_scale);
    o[1] = even_a + odd_a;
    o[2] = even_a - odd_a;
    const Vec even_b = fma(constant(b2), t[2], t[0]) * constant(b_scale), odd_b = t[1] * constant(b * b_scale);
    o[3] = even_b + odd_b;
    o[4] = even_b - odd_b;
    o[5] = t[2];
  }

  /// The transpose of kernel: gradients of six points -> of three taps.
  static DUHDR_INLINE void tap_gradients(const Vec (&u)[6], Vec (&t)[3]) {
    const Vec sum_a = (u[1] + u[2]) * constant(a_scale), diff_a = (u[1] - u[2]) * constant(a * a_scale);
    const Vec sum_b = (u[3] + u[4]) * constant(b_scale), diff_b = (u[3] - u[4]) * constant(b * b_scale);
    t[0] = fma(u[0], constant(zero_scale), sum_a + sum_b);
    t[1] = diff_a + diff_b;
    t[2] = fma(constant(a2), sum_a, fma(constant(b2), sum_b, u[5]));
  }
};

/// Four taps. The points are 0, +-7/8, +-15/8, 3/8 and infinity. A point's scale is one over the product of its
/// distances from the other finite ones.
struct F44 {
  static constexpr int points = 7, taps = 4;
  static constexpr double a = 7.0 / 8, b = 15.0 / 8, c = 3.0 / 8, a2 = a * a, b2 = b * b, c2 = c * c;
  static constexpr double zero_scale = -1 / (a2 * b2 * c), a_scale = 1 / (2 * a2 * (a2 - b2) * (a - c)),
                          minus_a_scale = -1 / (2 * a2 * (a2 - b2) * (a + c)),
                          b_scale = 1 / (2 * b2 * (b2 - a2) * (b - c)),
                          minus_b_scale = -1 / (2 * b2 * (b2 - a2) * (b + c)),
                          c_scale = 1 / (c * (c2 - a2) * (c2 - b2));

  /// Seven pixels -> seven points.
  static DUHDR_INLINE void input(const Vec (&d)[7], Vec (&o)[7]) {
    Vec times_x_minus_c[6], paired[6];
    DUHDR_UNROLL
    for (int i = 0; i < 6; ++i) times_x_minus_c[i] = fma(constant(-c), d[i], d[i + 1]);
    paired_input<F44>(times_x_minus_c, paired);
    DUHDR_UNROLL
    for (int i = 0; i < 5; ++i) o[i] = paired[i];
    o[5] = fma(constant(a2 * b2), d[1], fma(constant(-(a2 + b2)), d[3], d[5]));
    o[6] = paired[5];
  }

  /// Seven points -> four results.
  template <bool has_zero, bool has_infinity>
  static DUHDR_INLINE void output(const Vec (&q)[7], Vec (&y)[4]) {
    const Vec sum_a = q[1] + q[2], diff_a = q[1] - q[2], sum_b = q[3] + q[4], diff_b = q[3] - q[4];
    static_assert(has_zero && has_infinity, "the pieces of a kernel have every point together");
    y[0] = q[0] + ((sum_a + sum_b) + q[5]);
    y[1] = fma(constant(a), diff_a, fma(constant(b), diff_b, constant(c) * q[5]));
    y[2] = fma(constant(a2), sum_a, fma(constant(b2), sum_b, constant(c2) * q[5]));
    y[3] = fma(constant(a2 * a), diff_a, fma(constant(b2 * b), diff_b, fma(constant(c2 * c), q[5], q[6])));
  }

  /// Four taps -> seven points.
  static DUHDR_INLINE void kernel(const Vec (&t)[4], Vec (&o)[7]) {
    o[0] = t[0] * constant(zero_scale);
    const Vec even_a = fma(constant(a2), t[2], t[0]), odd_a = constant(a) * fma(constant(a2), t[3], t[1]);
    o[1] = (even_a + odd_a) * constant(a_scale);
    o[2] = (even_a - odd_a) * constant(minus_a_scale);
    const Vec even_b = fma(constant(b2), t[2], t[0]), odd_b = constant(b) * fma(constant(b2), t[3], t[1]);
    o[3] = (even_b + odd_b) * constant(b_scale);
    o[4] = (even_b - odd_b) * constant(minus_b_scale);
    const Vec even_c = fma(constant(c2), t[2], t[0]), odd_c = constant(c) * fma(constant(c2), t[3], t[1]);
    o[5] = (even_c + odd_c) * constant(c_scale);
    o[6] = t[3];
  }
};

}  // namespace
}  // namespace duhdr::cpu
