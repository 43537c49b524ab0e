// SPDX-License-Identifier: Apache-2.0
// Winograd's F(4x4, 3x3): a tile of 4x4 results from 6x6 pixels by 36 multiplications a channel instead of 144.
#pragma once

#include "kernels/conv/cpu/isa/gemm.h"
#include "kernels/conv/cpu/isa/winograd_tiles.h"

namespace duhdr::cpu {
namespace {

// ------------------------------------------------------------------------------------------------------ weights

/// Where in a 4x4 kernel the nine taps around a phase's pixel lie; below zero: nowhere.
DUHDR_INLINE void transposed_places(int phase, int (&tap_place)[9]) {
  for (int t = 0; t < 9; ++t) {
    const int y = transposed_tap(phase / 2, t / 3), x = transposed_tap(phase % 2, t % 3);
    tap_place[t] = y < 0 || y > 3 || x < 0 || x > 3 ? -1 : 4 * y + x;
  }
}

void winograd_weights(const WinogradKernel& kernel, Index channels, Index outputs, int vectors, float* const* to) {
  const Index block = vectors * lanes;
  int tap_place[9];
  if (kernel.transposed) transposed_places(kernel.phase, tap_place);
  for (Index c = 0; c < channels; ++c)
    for (int v = 0; v < vectors; ++v) {
      float taps[9][lanes] = {};
      const Index some = least(outputs - v * lanes, lanes);
      for (Index o = 0; o < some; ++o) {
        const float* from = kernel.weight + (v * lanes + o) * kernel.output + c * kernel.input;
        if (kernel.transposed) {
          for (int t = 0; t < 9; ++t)
            if (tap_place[t] >= 0) taps[t][o] = from[tap_place[t]];
        } else {
          for (int t = 0; t < 9; ++t) taps[t][o] = from[kernel.turned ? 8 - t : t];
        }
      }
      Vec tap[3][3];
      for (int t = 0; t < 9; ++t) tap[t / 3][t % 3] = load(taps[t]);
      if (kernel.phase >= 0 && !kernel.transposed) {  // taps of the enlarged image that fall on one pixel of the image
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
        F43::kernel(column, row);
        for (int y = 0; y < 6; ++y) half[y][x] = row[y];
      }
      for (int y = 0; y < 6; ++y) {
        F43::kernel(half[y], row);
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
    F43::tap_gradients(point, column);
    for (int y = 0; y < 3; ++y) half[y][x] = column[y];
  }
  for (int y = 0; y < 3; ++y) F43::tap_gradients(half[y], tap[y]);
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

void winograd_input(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to) {
  transform_tiles<F43::points, F43::points>(
      source, grid, first, count, 1, to,
      [](const Vec(&d)[6], Vec(&o)[6]) __attribute__((always_inline)) { F43::input(d, o); });
}

void winograd_gradient(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to) {
  transform_tiles<F43::points, wino_out>(
      source, grid, first, count, 0, to,
      [](const Vec(&y)[4], Vec(&o)[6]) __attribute__((always_inline)) { F43::gradient(y, o); });
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

void winograd_output(TileMatrix from, const TileGrid& grid, Index first, Index count, Index channel, Index channels,
                     AbsentPoints absent, const Target& target) {
  const auto run =
      !(absent.y_zero || absent.y_infinity) ? output_tiles<F43, true, true, true, true>
      : absent.y_zero
          ? (absent.x_zero ? output_tiles<F43, false, true, false, true> : output_tiles<F43, false, true, true, false>)
          : (absent.x_zero ? output_tiles<F43, true, false, false, true> : output_tiles<F43, true, false, true, false>);
  run(from, grid, first, count, channel, channels, target);
}

}  // namespace
}  // namespace duhdr::cpu
