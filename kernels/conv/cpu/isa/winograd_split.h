// SPDX-License-Identifier: Apache-2.0
// Kernels of 5x5 and 7x7 taps by Winograd's F(4x4, 4x4): cut along both axes at the pixel, the taps before it read the
// tile before, as far as they need it, and the others the pixel's own. So every tile is transformed once, and the four
// pieces' products are added up in the transform domain: 9 or 10.6 multiplications a result instead of 25 or 49.
#pragma once

#include "kernels/conv/cpu/isa/gemm.h"
#include "kernels/conv/cpu/isa/winograd_tiles.h"

namespace duhdr::cpu {
namespace {

static_assert(split_points == F44::points && split_taps == F44::taps);

/// Taps of one piece, zero where the kernel has none, and through the scheme on both axes.
DUHDR_INLINE void piece_points(const SplitKernel& kernel, const float* from, Index outputs, int piece_y, int piece_x,
                               Vec (&point)[split_points][split_points]) {
  const int size = kernel.size, before = size / 2;
  Vec half[split_points][split_taps];
  for (int x = 0; x < split_taps; ++x) {
    Vec column[split_taps], points[split_points];
    for (int y = 0; y < split_taps; ++y) {
      const int ky = before + y - (piece_y == 0 ? split_taps : 0), kx = before + x - (piece_x == 0 ? split_taps : 0);
      float taps[lanes] = {};
      if (ky >= 0 && ky < size && kx >= 0 && kx < size) {
        const int tap = kernel.turned ? size * size - 1 - (ky * size + kx) : ky * size + kx;
        for (Index o = 0; o < outputs; ++o) taps[o] = from[o * kernel.output + tap];
      }
      column[y] = load(taps);
    }
    F44::kernel(column, points);
    for (int y = 0; y < split_points; ++y) half[y][x] = points[y];
  }
  for (int y = 0; y < split_points; ++y) F44::kernel(half[y], point[y]);
}

void split_weights(const SplitKernel& kernel, Index channels, Index outputs, int vectors, float* to) {
  const Index block = vectors * lanes;
  for (Index c = 0; c < channels; ++c)
    for (int v = 0; v < vectors; ++v) {
      const Index some = least(outputs - v * lanes, lanes);
      const float* from = kernel.weight + v * lanes * kernel.output + c * kernel.input;
      Vec point[2][2][split_points][split_points];
      for (int piece = 0; piece < 4; ++piece)
        piece_points(kernel, from, some, piece / 2, piece % 2, point[piece / 2][piece % 2]);
      float* place = to + c * block + v * lanes;
      for (int y = 0; y < split_points; ++y)
        for (int x = 0; x < split_points; ++x)
          for (int piece = 0; piece < 4; ++piece) {
            if (!has_piece(kernel.size, y, piece / 2) || !has_piece(kernel.size, x, piece % 2)) continue;
            store(place, point[piece / 2][piece % 2][y][x]);
            place += channels * block;
          }
    }
}

void split_input(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to) {
  transform_tiles<F44::points, F44::points>(
      source, grid, first, count, wino_out, to,
      [](const Vec(&d)[7], Vec(&o)[7]) __attribute__((always_inline)) { F44::input(d, o); });
}

void split_product(const SplitWeights& weights, TileMatrix above, TileMatrix own, Index tiles, TileMatrix to) {
  const float* b = weights.data;
  const Index most_at_once = rows_of(weights.vectors), block = weights.vectors * lanes;
  for (int p = 0; p < split_positions; ++p) {
    const int y = p / split_points, x = p % split_points;
    const int first = has_piece(weights.size, x, 0) ? 0 : 1, runs = (has_piece(weights.size, x, 1) ? 2 : 1) - first;
    float* c = to.data + p * to.plane;
    bool go_on = false;
    for (int piece = 0; piece < 2; ++piece) {
      if (!has_piece(weights.size, y, piece)) continue;
      const TileMatrix& from = piece == 0 ? above : own;
      const float* a = from.data + p * from.plane + first * from.tile;
      for (Index t = 0; t < tiles; t += most_at_once)
        multiply_of(weights.vectors, least(most_at_once, tiles - t))(
            {a + t * from.tile, from.tile, c + t * to.tile, to.tile}, from.tile, runs,
            static_cast<int>(weights.channels), b, go_on, nullptr);
      b += runs * weights.channels * block;
      go_on = true;
    }
  }
}

void split_output(TileMatrix from, const TileGrid& grid, Index first, Index count, Index channel, Index channels,
                  const Target& target) {
  output_tiles<F44, true, true, true, true>(from, grid, first, count, channel, channels, target);
}

}  // namespace
}  // namespace duhdr::cpu
