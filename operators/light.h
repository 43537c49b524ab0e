// SPDX-License-Identifier: Apache-2.0
// What operators have in common: the display they expand to, luminance, statistics and small filters of planes. A plane
// is [1, H, W, 1] f32 on the CPU. All results have the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "image/colour.h"
#include "tensor/parallel.h"
#include "tensor/tensor.h"

namespace duhdr {

// One display for all operators that expand to one. Their papers give cd/m2; here light is divided by the luminance of
// the clip level, so that 1.0 is what the photograph clips at, and 4.93 the brightest that the display shows.
constexpr float display_peak = 1000 / reference_white;   // L_max
constexpr float display_black = 0.3f / reference_white;  // L_min, of operators that have one

constexpr float display_gamma = 2.2f;  // by which the papers' operators linearise

/// f of every value, a tensor of the same shape; f is called in no particular order.
template <class F>
Tensor mapped(const Tensor& values, const F& f) {
  constexpr std::int64_t least = 4096;
  Tensor out(values.shape(), DType::f32);
  const float* from = values.data<float>();
  float* to = out.mutable_data<float>();
  parallel_range(values.numel(), least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = f(from[i]);
  });
  return out;
}

/// f(a, b) of every pair of values of two tensors of one shape.
template <class F>
Tensor mapped(const Tensor& a, const Tensor& b, const F& f) {
  constexpr std::int64_t least = 4096;
  DUHDR_CHECK(a.shape() == b.shape(), a.shape(), " and ", b.shape());
  Tensor out(a.shape(), DType::f32);
  const float *of_a = a.data<float>(), *of_b = b.data<float>();
  float* to = out.mutable_data<float>();
  parallel_range(a.numel(), least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = f(of_a[i], of_b[i]);
  });
  return out;
}

/// Photograph [1, H, W, 3] as the operators see it: codes ^ 2.2, and its luminance.
struct Photograph {
  Tensor light;      // [1, H, W, 3]
  Tensor luminance;  // a plane
};
Photograph linearised(const Tensor& codes);

/// The photograph with another luminance: c_out = c * to / luminance. Black takes grey of `to`.
Tensor with_luminance(const Photograph& photograph, const Tensor& to);

/// The photograph on the display at a quarter of its peak, enhanced up to 4 times: L_out = ((L_max - L_black) L +
/// L_black) (3 E + 1) / 4, E the enhancement, a plane in 0..1.
Tensor enhanced(const Photograph& photograph, const Tensor& enhancement);

/// 1 where a channel is above `code`, else 0: a plane.
Tensor saturated(const Tensor& codes, float code);

struct Extremes {
  float least = 0, largest = 0;
};
Extremes extremes_of(const Tensor& plane);
double mean_of(const Tensor& plane);
/// exp(mean(ln(plane + 1e-6))), of values >= 0.
double log_mean_of(const Tensor& plane);

/// Mean over size x size pixels (of an even size, the larger half above and to the left), of those that are inside.
Tensor box_mean(const Tensor& plane, std::int64_t size);

/// Pixels at the size of the picture that are `pixels` where its longer side has 1920; 1 at the least.
double pixels_of_hd(double pixels, const Tensor& picture);

}  // namespace duhdr
