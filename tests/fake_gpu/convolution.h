// SPDX-License-Identifier: Apache-2.0
// The arithmetic of the fake cuDNN and cuBLAS: sums in double, written for these tests alone, so that it shares no text
// with what they check. All arrays are dense: x [n, h, w, c], filters [k, kh, kw, c / groups], y [n, oh, ow, k].
#pragma once

#include <cstdint>

namespace duhdr::fake_gpu {

/// How a number lies in memory.
enum class Number : unsigned char { f32, bf16 };

struct Convolution {
  Number type;
  bool tf32;  // the factors are rounded to the 10 bits that f32 has on tensor cores
  std::int64_t n, h, w, c, k, kh, kw, oh, ow;
  std::int64_t pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, groups;
};

/// What a result becomes: alpha times the sum, and beta times what was there.
struct Blend {
  double alpha, beta;
};

void convolve(const Convolution& convolution, const void* x, const void* filter, Blend blend, void* y);
void convolve_back_to_input(const Convolution& convolution, const void* filter, const void* dy, Blend blend, void* dx);
void convolve_back_to_filter(const Convolution& convolution, const void* x, const void* dy, Blend blend, void* dw);

/// c[i, j] (columns of `ldc` elements, f32) of a matrix product; a(i, l) and b(l, j) are read through strides.
struct Matrix {
  const void* data;
  Number type;
  std::int64_t row, column;  // distance of neighbours
};
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& a, const Matrix& b, Blend blend, float* c,
              std::int64_t ldc);

}  // namespace duhdr::fake_gpu
