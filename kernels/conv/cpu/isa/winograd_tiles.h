// SPDX-License-Identifier: Apache-2.0
// Tiles of images into the transform domain of a Winograd scheme and back to pixels: one step along the columns, one
// along the rows.
#pragma once

#include "kernels/conv/cpu/isa/winograd_schemes.h"

namespace duhdr::cpu {
namespace {

/// Where a tile lies: its first pixel.
struct TilePlace {
  Index n, y, x;
};
DUHDR_INLINE TilePlace place_of(const TileGrid& grid, Index tile) {
  return {tile / grid.columns / grid.rows, tile / grid.columns % grid.rows * wino_out, tile % grid.columns * wino_out};
}

/// size x size pixels from (y, x) on, of which some may lie outside, through `transform` on both axes.
template <int points, int size, bool inside, class Transform>
DUHDR_INLINE void transform_tile(const Source& source, const float* base, Index h, Index w, Index y, Index x, float* to,
                                 Index plane, Transform transform) {
  for (Index c = 0; c < source.channels; c += lanes) {
    const Index left = source.channels - c;
    Vec half[points][size];
    DUHDR_UNROLL
    for (int j = 0; j < size; ++j) {
      Vec pixel[size], point[points];
      DUHDR_UNROLL
      for (int i = 0; i < size; ++i) {
        const bool exists = inside || (y + i >= 0 && y + i < h && x + j >= 0 && x + j < w);
        pixel[i] = exists ? load_some(base + i * source.row + j * source.pixel + c, left) : zero();
      }
      transform(pixel, point);
      DUHDR_UNROLL
      for (int i = 0; i < points; ++i) half[i][j] = point[i];
    }
    DUHDR_UNROLL
    for (int i = 0; i < points; ++i) {
      Vec point[points];
      transform(half[i], point);
      DUHDR_UNROLL
      for (int j = 0; j < points; ++j) store(to + (i * points + j) * plane + c, point[j]);
    }
  }
}

template <int points, int size, class Transform>
DUHDR_INLINE void transform_tiles(const Source& source, const TileGrid& grid, Index first, Index count, Index before,
                                  TileMatrix to, Transform transform) {
  for (Index t = 0; t < count; ++t) {
    const TilePlace place = place_of(grid, first + t);
    const Index y = place.y - before, x = place.x - before;
    const float* base = source.data + place.n * source.image + y * source.row + x * source.pixel;
    float* tile = to.data + t * to.tile;
    if (y >= 0 && x >= 0 && y + size <= grid.h && x + size <= grid.w)
      transform_tile<points, size, true>(source, base, grid.h, grid.w, y, x, tile, to.plane, transform);
    else
      transform_tile<points, size, false>(source, base, grid.h, grid.w, y, x, tile, to.plane, transform);
  }
}

template <class Scheme, Fused f, bool y_zero, bool y_infinity, bool x_zero, bool x_infinity>
DUHDR_INLINE void output_tile(const float* from, Index plane, Index channels, const Target& target, Index at, Index h,
                              Index w, const float* bias) {
  constexpr int points = Scheme::points;
  for (Index c = 0; c < channels; c += lanes) {
    const Index left = channels - c;
    Vec half[4][points];
    DUHDR_UNROLL
    for (int j = 0; j < points; ++j) {
      if ((j == 0 && !x_zero) || (j == points - 1 && !x_infinity)) continue;
      Vec point[points], result[4];
      DUHDR_UNROLL
      for (int i = 0; i < points; ++i)
        if (!((i == 0 && !y_zero) || (i == points - 1 && !y_infinity)))
          point[i] = load(from + (i * points + j) * plane + c);
      Scheme::template output<y_zero, y_infinity>(point, result);
      DUHDR_UNROLL
      for (int i = 0; i < 4; ++i) half[i][j] = result[i];
    }
    const Vec shift = bias ? load_some(bias + c, left) : zero();
    DUHDR_UNROLL
    for (int i = 0; i < 4; ++i) {
      if (i >= h) break;
      Vec result[4];
      Scheme::template output<x_zero, x_infinity>(half[i], result);
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

template <class Scheme, bool y_zero, bool y_infinity, bool x_zero, bool x_infinity>
__attribute__((noinline)) void output_tiles(TileMatrix from, const TileGrid& grid, Index first, Index count,
                                            Index channel, Index channels, const Target& target) {
  with_fused(
      target.activation, [&](auto fuse) __attribute__((always_inline)) {
        for (Index t = 0; t < count; ++t) {
          const TilePlace place = place_of(grid, first + t);
          output_tile<Scheme, decltype(fuse)::value, y_zero, y_infinity, x_zero, x_infinity>(
              from.data + t * from.tile, from.plane, channels, target,
              place.n * target.image + place.y * target.row + place.x * target.pixel + channel, grid.h - place.y,
              grid.w - place.x, target.bias ? target.bias + channel : nullptr);
        }
      });
}

}  // namespace
}  // namespace duhdr::cpu
