// SPDX-License-Identifier: Apache-2.0
// One channel of a picture, and loops over its rows whose results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "tensor/parallel.h"
#include "tensor/tensor.h"

namespace duhdr::vdp {

/// Copies share their values, as tensors do.
template <class T>
class Plane {
 public:
  Plane() = default;
  Plane(std::int64_t height, std::int64_t width)  // contents undefined
      : height_(height),
        width_(width),
        tensor_(Shape{1, height, width, 1}, dtype_of<T>()),
        values_(tensor_.template mutable_data<T>()) {}

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  std::int64_t size() const { return height_ * width_; }
  T* row(std::int64_t y) { return values_ + y * width_; }
  const T* row(std::int64_t y) const { return values_ + y * width_; }
  const Tensor& tensor() const { return tensor_; }

 private:
  std::int64_t height_ = 0, width_ = 0;
  Tensor tensor_;
  T* values_ = nullptr;
};

constexpr std::int64_t least_rows = 4;  // for a thread

/// f(y) for every row, several at once.
template <class F>
void for_rows(std::int64_t height, const F& f) {
  parallel_range(height, least_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) f(y);
  });
}

/// Sum of f(y) over the rows, in their order.
template <class F>
double sum_rows(std::int64_t height, const F& f) {
  std::vector<double> sums(static_cast<std::size_t>(height));
  for_rows(height, [&](std::int64_t y) { sums[static_cast<std::size_t>(y)] = f(y); });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// Mean of f(value) over the plane.
template <class T, class F>
double mean_of(const Plane<T>& plane, const F& f) {
  const double sum = sum_rows(plane.height(), [&](std::int64_t y) {
    double row_sum = 0;
    for (const T value : std::span(plane.row(y), static_cast<std::size_t>(plane.width())))
      row_sum += static_cast<double>(f(value));
    return row_sum;
  });
  return sum / static_cast<double>(plane.size());
}

/// Pixel by pixel: f(values of planes of one size...).
template <class T, class F, class... Planes>
Plane<T> map(const F& f, const Plane<T>& first, const Planes&... others) {
  Plane<T> out(first.height(), first.width());
  for_rows(out.height(), [&](std::int64_t y) {
    const auto fill = [&f, width = out.width()](T* __restrict to, const auto*... from) {
      for (std::int64_t x = 0; x < width; ++x) to[x] = f(from[x]...);
    };
    fill(out.row(y), std::as_const(first).row(y), std::as_const(others).row(y)...);
  });
  return out;
}

/// sum += weight * a, over n values.
template <class T>
void add_scaled(T* __restrict sum, T weight, const T* a, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] += weight * a[i];
}

/// sum += weight * (a + b): two taps of a symmetric filter.
template <class T>
void add_scaled(T* __restrict sum, T weight, const T* a, const T* b, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] += weight * (a[i] + b[i]);
}

}  // namespace duhdr::vdp
