// SPDX-License-Identifier: Apache-2.0
// Implicit GEMM: every convolution that Winograd's algorithm is not for. A few neighbouring pixels of a row are the
// rows of a matrix product; along a kernel row their values lie in memory one after another already.
#pragma once

#include "kernels/conv/cpu/isa/gemm.h"

namespace duhdr::cpu {
namespace {

constexpr int direct_rows = rows_of(2);
static_assert(rows_of(1) == 2 * direct_rows);

/// Pixels of one row that are computed together.
struct PixelGroup {
  const float* base[2];  // what the first pixel reads first
  Index row[2];          // floats between kernel rows
  Index count, y;        // pixels; where their results begin
};

DUHDR_INLINE void copy(float* to, const float* from, Index count) {
  for (Index k = 0; k < count; k += lanes) store_some(to + k, load_some(from + k, count - k), count - k);
}
DUHDR_INLINE void clear(float* to, Index count) {
  for (Index k = 0; k < count; k += lanes) store_some(to + k, zero(), count - k);
}

/// A group at the edge reads a copy with zeros around.
float* copy_edge(const DirectConv& conv, int s, Index n, Index y, Index x, Index height, Index width, float* room) {
  const Source& source = conv.source[s];
  const Index c = source.channels, first = least(x < 0 ? -x : 0, width), end = least(conv.w - x, width);
  const Index inside = end > first ? end - first : 0;
  for (Index i = 0; i < height; ++i, room += width * c) {
    if (y + i < 0 || y + i >= conv.h || inside == 0) {
      clear(room, width * c);
      continue;
    }
    const float* from = source.data + n * source.image + (y + i) * source.row + (x + first) * source.pixel;
    clear(room, first * c);
    if (source.pixel == c)
      copy(room + first * c, from, inside * c);
    else
      for (Index j = 0; j < inside; ++j) copy(room + (first + j) * c, from + j * source.pixel, c);
    clear(room + (first + inside) * c, (width - first - inside) * c);
  }
  return room;
}

PixelGroup group_of(const DirectConv& conv, Index n, Index oy, Index ox, float*& room) {
  PixelGroup group{};
  group.count = least(conv.together, conv.ow - ox);
  group.y = n * conv.target.image + oy * conv.target.row + ox * conv.target.pixel;
  const Index y = oy * conv.stride - conv.top, x = ox * conv.stride - conv.left;
  const Index height = (conv.kh - 1) * conv.dilation + 1;
  const Index width = (group.count - 1) * conv.stride + (conv.kw - 1) * conv.dilation + 1;
  const bool inside = y >= 0 && x >= 0 && y + height <= conv.h && x + width <= conv.w;
  for (int s = 0; s < conv.sources; ++s) {
    const Source& source = conv.source[s];
    if (inside && source.pixel == source.channels) {
      group.base[s] = source.data + n * source.image + y * source.row + x * source.pixel;
      group.row[s] = source.row;
    } else {
      group.base[s] = room;
      group.row[s] = width * source.channels;
      room = copy_edge(conv, s, n, y, x, height, width, room);
    }
  }
  return group;
}

constexpr Index most_groups = 16;  // whose sums wait while one part's weights stay in the level 1 cache

void direct_groups(const DirectConv& conv, Index n, Index oy, Index ox, Index count, float* room) {
  PixelGroup groups[most_groups];
  for (Index g = 0; g < count; ++g) groups[g] = group_of(conv, n, oy, ox + g * conv.together, room);
  float sums[most_groups * direct_rows * 2 * lanes];
  const float* b = conv.weight;
  for (int i = 0; i < conv.block_count; ++i) {
    const ChannelBlock& block = conv.blocks[i];
    const Index wide = block.vectors * lanes;
    for (int part = 0; part < conv.part_count; ++part) {
      const SumPart& sum = conv.parts[part];
      const bool last = part == conv.part_count - 1;
      const Index channels = conv.source[sum.source].channels;
      for (Index g = 0; g < count; ++g) {
        const PixelGroup& group = groups[g];
        const Index row = group.row[sum.source];
        const Index at = group.y + block.first;
        const Finish finish{conv.target.data + at,
                            conv.target.pixel,
                            conv.target.bias ? conv.target.bias + block.first : nullptr,
                            conv.target.residual ? conv.target.residual + at : nullptr,
                            conv.target.channels - block.first,
                            conv.target.activation};
        multiply_of(block.vectors, group.count)(
            {group.base[sum.source] + sum.dy * conv.dilation * row + sum.dx * conv.dilation * channels + sum.first,
             conv.stride * channels, sums + g * conv.together * wide, wide},
            row, sum.rows, sum.length, b, part > 0, last ? &finish : nullptr);
      }
      b += sum.rows * sum.length * wide;
    }
  }
}

void direct(const DirectConv& conv, Index line, Index first, Index count, float* room) {
  const Index n = line / conv.oh, oy = line % conv.oh;
  for (Index g = 0; g < count; g += most_groups)
    direct_groups(conv, n, oy, (first + g) * conv.together, least(most_groups, count - g), room);
}

void outer_product(const OuterProduct& p) {
  for (Index column = 0; column < p.columns;) {
    const int vectors = p.columns - column > lanes ? 2 : 1, rows = rows_of(vectors);
    for (Index row = 0; row < p.rows; row += rows)
      outer_of(vectors, least(rows, p.rows - row))(p.a + row, p.a_step, p.b + column, p.b_step, p.length,
                                                   p.c + row * p.c_step + column, p.c_step, p.accumulate);
    column += vectors * lanes;
  }
}

}  // namespace
}  // namespace duhdr::cpu
