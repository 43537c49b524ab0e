// SPDX-License-Identifier: Apache-2.0
#include "tests/fake_gpu/convolution.h"

#include <bit>
#include <cstring>
#include <vector>

namespace duhdr::fake_gpu {
namespace {

float rounded(float value, std::uint32_t dropped_bits) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7F800000u) == 0x7F800000u) return value;  // infinite or NaN
  const std::uint32_t half = (1u << (dropped_bits - 1)) - 1 + (bits >> dropped_bits & 1u);
  return std::bit_cast<float>((bits + half) >> dropped_bits << dropped_bits);
}

double value_at(const void* data, Number type, std::int64_t i) {
  if (type == Number::f32) return static_cast<const float*>(data)[i];
  return std::bit_cast<float>(static_cast<std::uint32_t>(static_cast<const std::uint16_t*>(data)[i]) << 16);
}

std::vector<double> factors(const Convolution& s, const void* data, std::int64_t count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const double value = value_at(data, s.type, i);
    values[static_cast<std::size_t>(i)] = s.tf32 ? rounded(static_cast<float>(value), 13) : value;
  }
  return values;
}

void store(const Convolution& s, const std::vector<double>& sums, Blend blend, void* data) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const double before = blend.beta == 0 ? 0 : blend.beta * value_at(data, s.type, index);
    const auto value = static_cast<float>(blend.alpha * sums[i] + before);
    if (s.type == Number::f32)
      static_cast<float*>(data)[i] = value;
    else
      static_cast<std::uint16_t*>(data)[i] =
          static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(rounded(value, 16)) >> 16);
  }
}

std::int64_t size_of_x(const Convolution& s) { return s.n * s.h * s.w * s.c; }
std::int64_t size_of_filter(const Convolution& s) { return s.k * s.kh * s.kw * (s.c / s.groups); }
std::int64_t size_of_y(const Convolution& s) { return s.n * s.oh * s.ow * s.k; }

/// f(x, y, tap) for every pair of pixels, as offsets of their first channels, that a place of the kernel joins.
template <class F>
void for_each_pair(const Convolution& s, F f) {
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t oy = 0; oy < s.oh; ++oy)
      for (std::int64_t ox = 0; ox < s.ow; ++ox)
        for (std::int64_t tap = 0; tap < s.kh * s.kw; ++tap) {
          const std::int64_t y = oy * s.stride_h + tap / s.kw * s.dilation_h - s.pad_h;
          const std::int64_t x = ox * s.stride_w + tap % s.kw * s.dilation_w - s.pad_w;
          if (y >= 0 && y < s.h && x >= 0 && x < s.w)
            f(((n * s.h + y) * s.w + x) * s.c, ((n * s.oh + oy) * s.ow + ox) * s.k, tap);
        }
}

/// sums[i] += factor * values[i]
void add_scaled(double* sums, double factor, const double* values, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) sums[i] += factor * values[i];
}

}  // namespace

void convolve(const Convolution& s, const void* x_data, const void* filter, Blend blend, void* y_data) {
  const std::int64_t c = s.c / s.groups, k = s.k / s.groups, taps = s.kh * s.kw;
  const std::vector<double> x = factors(s, x_data, size_of_x(s)), w = factors(s, filter, size_of_filter(s));
  std::vector<double> turned(w.size()),
      y(static_cast<std::size_t>(size_of_y(s)));  // [group, tap, c, k]: k is contiguous
  for (std::int64_t o = 0; o < s.k; ++o)
    for (std::int64_t i = 0; i < taps * c; ++i)
      turned[static_cast<std::size_t>((o / k * taps * c + i) * k + o % k)] =
          w[static_cast<std::size_t>(o * taps * c + i)];
  for_each_pair(s, [&](std::int64_t x_at, std::int64_t y_at, std::int64_t tap) {
    for (std::int64_t i = 0; i < s.c; ++i)
      add_scaled(y.data() + y_at + i / c * k, x[static_cast<std::size_t>(x_at + i)],
                 turned.data() + ((i / c * taps + tap) * c + i % c) * k, k);
  });
  store(s, y, blend, y_data);
}

void convolve_back_to_input(const Convolution& s, const void* filter, const void* dy_data, Blend blend, void* dx_data) {
  const std::int64_t c = s.c / s.groups, k = s.k / s.groups, taps = s.kh * s.kw;
  const std::vector<double> dy = factors(s, dy_data, size_of_y(s)), w = factors(s, filter, size_of_filter(s));
  std::vector<double> dx(static_cast<std::size_t>(size_of_x(s)));
  for_each_pair(s, [&](std::int64_t x_at, std::int64_t y_at, std::int64_t tap) {
    for (std::int64_t o = 0; o < s.k; ++o)
      add_scaled(dx.data() + x_at + o / k * c, dy[static_cast<std::size_t>(y_at + o)], w.data() + (o * taps + tap) * c,
                 c);
  });
  store(s, dx, blend, dx_data);
}

void convolve_back_to_filter(const Convolution& s, const void* x_data, const void* dy_data, Blend blend,
                             void* dw_data) {
  const std::int64_t c = s.c / s.groups, k = s.k / s.groups, taps = s.kh * s.kw;
  const std::vector<double> x = factors(s, x_data, size_of_x(s)), dy = factors(s, dy_data, size_of_y(s));
  std::vector<double> dw(static_cast<std::size_t>(size_of_filter(s)));
  for_each_pair(s, [&](std::int64_t x_at, std::int64_t y_at, std::int64_t tap) {
    for (std::int64_t o = 0; o < s.k; ++o)
      add_scaled(dw.data() + (o * taps + tap) * c, dy[static_cast<std::size_t>(y_at + o)], x.data() + x_at + o / k * c,
                 c);
  });
  store(s, dw, blend, dw_data);
}

void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix& a, const Matrix& b, Blend blend, float* c,
              std::int64_t ldc) {
  for (std::int64_t j = 0; j < n; ++j)
    for (std::int64_t i = 0; i < m; ++i) {
      double sum = 0;
      for (std::int64_t l = 0; l < k; ++l)
        sum += value_at(a.data, a.type, i * a.row + l * a.column) * value_at(b.data, b.type, l * b.row + j * b.column);
      float& out = c[i + j * ldc];
      out = static_cast<float>(blend.alpha * sum + (blend.beta == 0 ? 0 : blend.beta * static_cast<double>(out)));
    }
}

}  // namespace duhdr::fake_gpu
