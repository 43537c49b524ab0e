// SPDX-License-Identifier: Apache-2.0
// Winograd's F(4x4, 3x3): a tile of 4x4 results from 6x6 pixels by 36 multiplications a channel instead of 144. The
// points are 0, +-11/16, +-11/8 and infinity, which keep the rounding error four to five times that of plain sums (the
// customary 0, +-1, +-2: about thirty times). Lavin and Gray, Fast algorithms for convolutional neural networks, 2016;
// Barabasz et al., Error analysis and improving the accuracy of Winograd convolution, 2020.
#pragma once

#include "kernels/conv/cpu/isa/gemm.h"

namespace duhdr::cpu {
namespace {

namespace points {
constexpr double a = 11.0 / 16, b = 11.0 / 8, a2 = a * a, b2 = b * b;
constexpr double zero_scale = 1 / (a2 * b2), a_scale = 1 / (2 * a2 * (a2 - b2)), b_scale = 1 / (2 * b2 * (b2 - a2));
}  // namespace points

DUHDR_INLINE Vec constant(double x) { return broadcast(static_cast<float>(x)); }

/// Six pixels -> six points.
DUHDR_INLINE void input_points(const Vec (&d)[6], Vec (&o)[6]) {
  using namespace points;
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

/// Six points -> four results; points that a kernel does without are left out.
template <bool has_zero, bool has_infinity>
DUHDR_INLINE void output_points(const Vec (&q)[6], Vec (&y)[4]) {
  using namespace points;
  const Vec sum_a = q[1] + q[2], diff_a = q[1] - q[2], sum_b = q[3] + q[4], diff_b = q[3] - q[4];
  y[0] = has_zero ? (q[0] + sum_a) + sum_b : sum_a + sum_b;
  y[1] = fma(constant(a), diff_a, constant(b) * diff_b);
  y[2] = fma(constant(a2), sum_a, constant(b2) * sum_b);
  const Vec cubes = constant(b2 * b) * diff_b;
  y[3] = fma(constant(a2 * a), diff_a, has_infinity ? cubes + q[5] : cubes);
}

/// The transpose of output_points: gradients of four results -> of six points.
DUHDR_INLINE void gradient_points(const Vec (&y)[4], Vec (&o)[6]) {
  using namespace points;
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
DUHDR_INLINE void kernel_points(const Vec (&t)[3], Vec (&o)[6]) {
  using namespace points;
  o[0] = t[0] * constant(zero_scale);
  const Vec even_a = fma(constant(a2), t[2], t[0]) * constant(a_scale), odd_a = t[1] * constant(a * a_scale);
  o[1] = even_a + odd_a;
  o[2] = even_a - odd_a;
  const Vec even_b = fma(constant(b2), t[2], t[0]) * constant(b_scale), odd_b = t[1] * constant(b * b_scale);
  o[3] = even_b + odd_b;
  o[4] = even_b - odd_b;
  o[5] = t[2];
}

/// The transpose of kernel_points: gradients of six points -> of three taps.
DUHDR_INLINE void tap_gradients(const Vec (&u)[6], Vec (&t)[3]) {
  using namespace points;
  const Vec sum_a = (u[1] + u[2]) * constant(a_scale), diff_a = (u[1] - u[2]) * constant(a * a_scale);
  const Vec sum_b = (u[3] + u[4]) * constant(b_scale), diff_b = (u[3] - u[4]) * constant(b * b_scale);
  t[0] = fma(u[0], constant(zero_scale), sum_a + sum_b);
  t[1] = diff_a + diff_b;
  t[2] = fma(constant(a2), sum_a, fma(constant(b2), sum_b, u[5]));
}

/// Where a tile lies: its first pixel.
struct TilePlace {
  Index n, y, x;
};
DUHDR_INLINE TilePlace place_of(const TileGrid& grid, Index tile) {
  return {tile / grid.columns / grid.rows, tile / grid.columns % grid.rows * wino_out, tile % grid.columns * wino_out};
}

// ------------------------------------------------------------------------------------------------------ weights

void winograd_weights(const WinogradKernel& kernel, Index channels, Index outputs, int vectors, float* const* to) {
  const Index block = vectors * lanes;
  for (Index c = 0; c < channels; ++c)
    for (int v = 0; v < vectors; ++v) {
      float taps[9][lanes] = {};
      const Index some = least(outputs - v * lanes, lanes);
      for (Index o = 0; o < some; ++o) {
        const float* from = kernel.weight + (v * lanes + o) * kernel.output + c * kernel.input;
        for (int t = 0; t < 9; ++t) taps[t][o] = from[kernel.turned ? 8 - t : t];
      }
      Vec tap[3][3];
      for (int t = 0; t < 9; ++t) tap[t / 3][t % 3] = load(taps[t]);
      if (kernel.phase >= 0) {  // taps of the enlarged image that fall on one pixel of the image
        Vec sum[3][3];
        for (int t = 0; t < 9; ++t) sum[t / 3][t % 3] = zero();
        for (int t = 0; t < 9; ++t) {
          const int y = phase_tap(kernel.phase / 2, kernel.turned ? 2 - t / 3 : t / 3);
          const int x = phase_tap(kernel.phase % 2, kernel.turned ? 2 - t % 3 : t % 3);
          Vec& at = sum[kernel.turned ? 2 - y : y][kernel.turned ? 2 - x : x];
          at = at + tap[t / 3][t % 3];
        }
        for (int t = 0; t < 9; ++t) tap[t / 3][t % 3] = sum[t / 3][t % 3];
      }
      Vec half[6][3], row[6];
      for (int x = 0; x < 3; ++x) {
        const Vec column[3] = {tap[0][x], tap[1][x], tap[2][x]};
        kernel_points(column, row);
        for (int y = 0; y < 6; ++y) half[y][x] = row[y];
      }
      for (int y = 0; y < 6; ++y) {
        kernel_points(half[y], row);
        for (int x = 0; x < 6; ++x)
          if (float* place = to[y * 6 + x]) store(place + c * block + v * lanes, row[x]);
      }
    }
}

/// The nine taps of the kernels of outputs o ... and input c, from one phase's gradients in the transform domain.
DUHDR_INLINE void taps_of(const float* const* u, Index at, Vec (&tap)[3][3]) {
  Vec half[3][6];
  for (int x = 0; x < 6; ++x) {
    Vec point[6], column[3];
    for (int y = 0; y < 6; ++y) {
      const float* from = u[y * 6 + x];
      point[y] = from ? load(from + at) : zero();
    }
    tap_gradients(point, column);
    for (int y = 0; y < 3; ++y) half[y][x] = column[y];
  }
  for (int y = 0; y < 3; ++y) tap_gradients(half[y], tap[y]);
}

void winograd_taps(const float* const* u, int phases, Index u_step, Index channels, Index outputs, float* taps,
                   Index output, Index input) {
  for (Index c = 0; c < channels; ++c)
    for (Index o = 0; o < outputs; o += lanes) {
      float sums[9][lanes] = {};
      for (int phase = 0; phase < phases; ++phase) {
        Vec tap[3][3];
        taps_of(u + phase * wino_positions, c * u_step + o, tap);
        for (int t = 0; t < 9; ++t) {
          const int y = t / 3, x = t % 3;
          const Vec one = phases == 1 ? tap[y][x] : tap[phase_tap(phase / 2, y)][phase_tap(phase % 2, x)];
          store(sums[t], load(sums[t]) + one);
        }
      }
      const Index some = least(outputs - o, lanes);
      for (Index lane = 0; lane < some; ++lane)
        for (int t = 0; t < 9; ++t) taps[(o + lane) * output + c * input + t] = sums[t][lane];
    }
}

// ------------------------------------------------------------------------------------------------------ tiles

/// size x size pixels from (y, x) on, of which some may lie outside, through `points` on both axes.
template <int size, bool inside, class Points>
DUHDR_INLINE void transform_tile(const Source& source, const float* base, Index h, Index w, Index y, Index x, float* to,
                                 Index plane, Points points) {
  for (Index c = 0; c < source.channels; c += lanes) {
    const Index left = source.channels - c;
    Vec half[6][size];
    DUHDR_UNROLL
    for (int j = 0; j < size; ++j) {
      Vec pixel[size], point[6];
      DUHDR_UNROLL
      for (int i = 0; i < size; ++i) {
        const bool exists = inside || (y + i >= 0 && y + i < h && x + j >= 0 && x + j < w);
        pixel[i] = exists ? load_some(base + i * source.row + j * source.pixel + c, left) : zero();
      }
      points(pixel, point);
      DUHDR_UNROLL
      for (int i = 0; i < 6; ++i) half[i][j] = point[i];
    }
    DUHDR_UNROLL
    for (int i = 0; i < 6; ++i) {
      Vec point[6];
      points(half[i], point);
      DUHDR_UNROLL
      for (int j = 0; j < 6; ++j) store(to + (i * 6 + j) * plane + c, point[j]);
    }
  }
}

template <int size, class Points>
DUHDR_INLINE void transform_tiles(const Source& source, const TileGrid& grid, Index first, Index count, Index before,
                                  TileMatrix to, Points points) {
  for (Index t = 0; t < count; ++t) {
    const TilePlace place = place_of(grid, first + t);
    const Index y = place.y - before, x = place.x - before;
    const float* base = source.data + place.n * source.image + y * source.row + x * source.pixel;
    float* tile = to.data + t * to.tile;
    if (y >= 0 && x >= 0 && y + size <= grid.h && x + size <= grid.w)
      transform_tile<size, true>(source, base, grid.h, grid.w, y, x, tile, to.plane, points);
    else
      transform_tile<size, false>(source, base, grid.h, grid.w, y, x, tile, to.plane, points);
  }
}

void winograd_input(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to) {
  transform_tiles<6>(
      source, grid, first, count, 1, to,
      [](const Vec(&d)[6], Vec(&o)[6]) __attribute__((always_inline)) { input_points(d, o); });
}

void winograd_gradient(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to) {
  transform_tiles<4>(
      source, grid, first, count, 0, to,
      [](const Vec(&y)[4], Vec(&o)[6]) __attribute__((always_inline)) { gradient_points(y, o); });
}

constexpr Index longest_sum = 256;  // products whose weights stay in the level 1 cache while the rows go by

void winograd_product(const WinogradWeights& weights, TileMatrix from, Index rows, TileMatrix to) {
  const Index parts = (weights.channels + longest_sum - 1) / longest_sum;
  const Index length = (weights.channels + parts - 1) / parts;
  for (int p = 0; p < wino_positions; ++p) {
    if (weights.offset[p] < 0) continue;
    const float* b = weights.data + weights.offset[p];
    for (int n = 0; n < weights.block_count; ++n) {
      const ChannelBlock& block = weights.blocks[n];
      const Index most_at_once = rows_of(block.vectors);
      float* c = to.data + p * to.plane + (block.first - weights.blocks[0].first);
      bool go_on = false;
      for (int s = 0; s < weights.sources; ++s) {
        if (!weights.absent[s].has(p)) continue;
        const float* a = from.data + p * from.plane + s * weights.channels;
        for (Index k = 0; k < weights.channels; k += length) {
          const Index some = least(length, weights.channels - k);
          for (Index r = 0; r < rows; r += most_at_once)
            multiply_of(block.vectors, least(most_at_once, rows - r))(
                {a + k + r * from.tile, from.tile, c + r * to.tile, to.tile}, 0, 1, static_cast<int>(some), b, go_on,
                nullptr);
          b += some * block.vectors * lanes;
          go_on = true;
        }
      }
    }
  }
}

template <Fused f, bool y_zero, bool y_infinity, bool x_zero, bool x_infinity>
DUHDR_INLINE void output_tile(const float* from, Index plane, Index channels, const Target& target, Index at, Index h,
                              Index w, const float* bias) {
  for (Index c = 0; c < channels; c += lanes) {
    const Index left = channels - c;
    Vec half[4][6];
    DUHDR_UNROLL
    for (int j = 0; j < 6; ++j) {
      if ((j == 0 && !x_zero) || (j == 5 && !x_infinity)) continue;
      Vec point[6], result[4];
      DUHDR_UNROLL
      for (int i = 0; i < 6; ++i)
        if (!((i == 0 && !y_zero) || (i == 5 && !y_infinity))) point[i] = load(from + (i * 6 + j) * plane + c);
      output_points<y_zero, y_infinity>(point, result);
      DUHDR_UNROLL
      for (int i = 0; i < 4; ++i) half[i][j] = result[i];
    }
    const Vec shift = bias ? load_some(bias + c, left) : zero();
    DUHDR_UNROLL
    for (int i = 0; i < 4; ++i) {
      if (i >= h) break;
      Vec result[4];
      output_points<x_zero, x_infinity>(half[i], result);
      DUHDR_UNROLL
      for (int j = 0; j < 4; ++j) {
        if (j >= w) break;
        const Index place = at + i * target.row + j * target.pixel + c;
        Vec value = result[j] + shift;
        if (target.residual) value = value + load_some(target.residual + place, left);
        store_some(target.data + place, fused<f>(value), left);
      }
    }
  }
}

template <bool y_zero, bool y_infinity, bool x_zero, bool x_infinity>
__attribute__((noinline)) void output_tiles(TileMatrix from, const TileGrid& grid, Index first, Index count,
                                            Index channel, Index channels, const Target& target) {
  with_fused(
      target.activation, [&](auto fuse) __attribute__((always_inline)) {
        for (Index t = 0; t < count; ++t) {
          const TilePlace place = place_of(grid, first + t);
          output_tile<decltype(fuse)::value, y_zero, y_infinity, x_zero, x_infinity>(
              from.data + t * from.tile, from.plane, channels, target,
              place.n * target.image + place.y * target.row + place.x * target.pixel + channel, grid.h - place.y,
              grid.w - place.x, target.bias ? target.bias + channel : nullptr);
        }
      });
}

void winograd_output(TileMatrix from, const TileGrid& grid, Index first, Index count, Index channel, Index channels,
                     AbsentPoints absent, const Target& target) {
  const auto run =
      !(absent.y_zero || absent.y_infinity) ? output_tiles<true, true, true, true>
      : absent.y_zero
          ? (absent.x_zero ? output_tiles<false, true, false, true> : output_tiles<false, true, true, false>)
          : (absent.x_zero ? output_tiles<true, false, false, true> : output_tiles<true, false, true, false>);
  run(from, grid, first, count, channel, channels, target);
}

}  // namespace
}  // namespace duhdr::cpu
