// SPDX-License-Identifier: Apache-2.0
// Launchers: one functor, two ways to run it. On the CPU a loop cut into ranges (tensor/parallel.h), on a GPU a grid
// with the one bounds guard. Only op files (.cu) include this: with CUDA they all go through nvcc, without it all
// through g++.
#pragma once

#ifndef DUHDR_OP_FILE
#error "launch.cuh is for op files (.cu) only: a second instantiation by another compiler would break the link"
#endif

#include <algorithm>
#include <cstdint>

#include "tensor/parallel.h"
#include "tensor/tensor.h"
#ifdef DUHDR_WITH_CUDA
#include "tensor/grid.cuh"
#endif

/// Before a loop whose turns do not depend on each other, which compilers cannot see.
#if defined(__clang__)
#define DUHDR_IN_ANY_ORDER _Pragma("clang loop vectorize(assume_safety)")
#else
#define DUHDR_IN_ANY_ORDER _Pragma("GCC ivdep")
#endif

namespace duhdr {

namespace detail {

constexpr std::int64_t least_range = 8192;  // elements for a thread; with fewer it costs more than it brings

/// Of things that take `cost` elements each.
inline std::int64_t least_range_of(std::int64_t cost) { return least_range / std::max<std::int64_t>(cost, 1) + 1; }

inline void require_cpu(Device device) {
  DUHDR_CHECK(device.is_cpu(), "an op on ", device.text(), ", but this program was built without CUDA");
}

}  // namespace detail

/// f(i) for i in [0, n), in any order, also several at a time: no f(i) may write what another one reads or writes. The
/// same holds for the launchers below.
template <class F>
void for_each(Device device, std::int64_t n, F f) {
#ifdef DUHDR_WITH_CUDA
  if (device.is_cuda()) return detail::launch_grid(device, n, f);
#endif
  if (device.is_meta()) return;
  detail::require_cpu(device);
  parallel_range(n, detail::least_range, [&](std::int64_t begin, std::int64_t end) {
    const F own = f;  // its members can stay in registers: no store of the loop reaches them
    DUHDR_IN_ANY_ORDER
    for (std::int64_t i = begin; i < end; ++i) own(i);
  });
}

namespace detail {
template <class F>
struct Pixel {
  F f;
  std::int64_t h, w;
  DUHDR_HD void operator()(std::int64_t i) const { f(i / (h * w), i / w % h, i % w); }
};
/// What an f for elements does for one pixel: called with the channel.
template <class F>
DUHDR_HD auto of_pixel(const F& f, std::int64_t image, std::int64_t y, std::int64_t x) {
  if constexpr (requires { f.pixel(image, y, x); })
    return f.pixel(image, y, x);
  else
    return [&f, image, y, x](std::int64_t channel) { f(image, y, x, channel); };
}
template <class F>
struct Element {
  F f;
  std::int64_t h, w, c;
  DUHDR_HD void operator()(std::int64_t i) const { of_pixel(f, i / (h * w * c), i / (w * c) % h, i / c % w)(i % c); }
};
}  // namespace detail

/// f(image, y, x) for every pixel of n images of h x w.
template <class F>
void for_each_pixel(Device device, std::int64_t n, std::int64_t h, std::int64_t w, F f) {
#ifdef DUHDR_WITH_CUDA
  if (device.is_cuda()) return detail::launch_grid(device, n * h * w, detail::Pixel<F>{f, h, w});
#endif
  if (device.is_meta()) return;
  detail::require_cpu(device);
  constexpr std::int64_t cost = 16;  // of a pixel
  parallel_range(n * h, detail::least_range_of(w * cost), [&](std::int64_t begin, std::int64_t end) {
    const F own = f;
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t x = 0; x < w; ++x) own(row / h, row % h, x);
  });
}

/// f(image, y, x, channel) for every element of an [N, H, W, C] shape; or f.pixel(image, y, x)(channel) where f has
/// such a member, which on the CPU is asked once a pixel: windows and edges stay out of the loop over channels, which
/// compilers then make vectors of.
template <class F>
void for_each_element(Device device, const Shape& shape, F f) {
  const std::int64_t n = shape.n(), h = shape.h(), w = shape.w(), c = shape.c();
#ifdef DUHDR_WITH_CUDA
  if (device.is_cuda()) return detail::launch_grid(device, n * h * w * c, detail::Element<F>{f, h, w, c});
#endif
  if (device.is_meta()) return;
  detail::require_cpu(device);
  parallel_range(n * h, detail::least_range_of(w * c), [&](std::int64_t begin, std::int64_t end) {
    const F own = f;
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t x = 0; x < w; ++x) {
        const auto pixel = detail::of_pixel(own, row / h, row % h, x);
        DUHDR_IN_ANY_ORDER
        for (std::int64_t channel = 0; channel < c; ++channel) pixel(channel);
      }
  });
}

/// The terms of K sums that are taken in one pass.
template <int K>
struct Terms {
  double value[K];
};

namespace detail {

constexpr std::int64_t rows_per_block = 256;  // fixed: the order of additions never depends on the machine

/// Stage 1: partial[block][k][c], the sum of f(group, row, c) over the rows of one block of one group.
template <int K, class F>
struct PartialSums {
  F f;
  double* partial;
  std::int64_t rows, blocks, channels;  // blocks: of one group
  DUHDR_HD void operator()(std::int64_t i) const {
    const std::int64_t c = i % channels, block = i / channels;
    const std::int64_t group = block / blocks, first = block % blocks * rows_per_block;
    const std::int64_t last = first + rows_per_block < rows ? first + rows_per_block : rows;
    double sum[K] = {};
    for (std::int64_t row = first; row < last; ++row) {
      const Terms<K> terms = f(group, row, c);
      for (int k = 0; k < K; ++k) sum[k] += terms.value[k];
    }
    for (int k = 0; k < K; ++k) partial[(block * K + k) * channels + c] = sum[k];
  }
  /// The same sums for all channels of one block, with the channel as the inner loop (contiguous on the CPU).
  void all_channels(std::int64_t block) const {
    const std::int64_t group = block / blocks, first = block % blocks * rows_per_block;
    const std::int64_t last = first + rows_per_block < rows ? first + rows_per_block : rows;
    double* sum = partial + block * K * channels;
    for (std::int64_t j = 0; j < K * channels; ++j) sum[j] = 0;
    for (std::int64_t row = first; row < last; ++row)
      for (std::int64_t c = 0; c < channels; ++c) {
        const Terms<K> terms = f(group, row, c);
        for (int k = 0; k < K; ++k) sum[k * channels + c] += terms.value[k];
      }
  }
};

/// Stage 2: the blocks of a group, added in their order.
template <int K>
struct BlockSums {
  const double* partial;
  double* sums;
  std::int64_t groups, blocks, channels;
  DUHDR_HD void operator()(std::int64_t i) const {
    const std::int64_t c = i % channels, group = i / channels % groups, k = i / (channels * groups);
    double sum = 0;
    for (std::int64_t block = 0; block < blocks; ++block)
      sum += partial[((group * blocks + block) * K + k) * channels + c];
    sums[i] = sum;
  }
};

template <class F>
struct Columns {
  F f;
  std::int64_t n, columns;
  DUHDR_HD Terms<1> operator()(std::int64_t, std::int64_t row, std::int64_t c) const {
    const std::int64_t i = row * columns + c;
    return {{i < n ? static_cast<double>(f(i)) : 0.0}};
  }
};

}  // namespace detail

/// K sums over rows: out[k][group][c] = sum over row of f(group, row, c).value[k], f64 [K, groups, channels] on the
/// device. Fixed blocks, fixed order: the same bits on every run, whatever the number of threads.
template <int K, class F>
Tensor reduce_rows(Device device, std::int64_t groups, std::int64_t rows, std::int64_t channels, F f) {
  const std::int64_t blocks = (rows + detail::rows_per_block - 1) / detail::rows_per_block;
  Tensor partial(Shape{groups * blocks, K, channels}, DType::f64, device);
  Tensor sums(Shape{K, groups, channels}, DType::f64, device);
  const detail::PartialSums<K, F> stage{f, partial.mutable_data<double>(), rows, blocks, channels};
#ifdef DUHDR_WITH_CUDA
  if (device.is_cuda()) detail::launch_grid(device, groups * blocks * channels, stage);
#endif
  if (device.is_cpu()) {
    const std::int64_t least = detail::least_range_of(detail::rows_per_block * channels);
    parallel_range(groups * blocks, least, [&](std::int64_t begin, std::int64_t end) {
      const detail::PartialSums<K, F> own = stage;
      for (std::int64_t block = begin; block < end; ++block) own.all_channels(block);
    });
  }
  for_each(device, K * groups * channels,
           detail::BlockSums<K>{partial.data<double>(), sums.mutable_data<double>(), groups, blocks, channels});
  return sums;
}

/// The sum of f(i) over [0, n) as an f64 [1] tensor on the device.
template <class F>
Tensor reduce_all(Device device, std::int64_t n, F f) {
  constexpr std::int64_t columns = 64;
  const std::int64_t rows = (n + columns - 1) / columns;
  const Tensor sums = reduce_rows<1>(device, 1, rows, columns, detail::Columns<F>{f, n, columns});
  Tensor total(Shape{1}, DType::f64, device);
  for_each(device, 1, detail::BlockSums<1>{sums.data<double>(), total.mutable_data<double>(), 1, columns, 1});
  return total;
}

}  // namespace duhdr
