// SPDX-License-Identifier: Apache-2.0
// Sums over soft histograms. Every feature of a value is a piecewise linear function of it, so what a tap adds is a
// value between two rows of a table: two multiply-adds a colour in place of one for each bin.
#pragma once

#include "kernels/conv/cpu/isa/simd.h"

namespace duhdr::cpu {
namespace {

constexpr Index hat_pixels = 32;  // results of a row that are summed together, tap by tap: their sums and a table stay
                                  // in the level 1 cache

/// The samples that tap kx of kernel row `row` reads for results from ox on: the first result that reads one, and the
/// end.
struct HatSpan {
  Index first, last;
  const HatSample* samples;  // of result `first`
};
DUHDR_INLINE HatSpan span_of(const HatConv& conv, const HatSample* row, Index kx, Index ox, Index count) {
  Index first = 0, last = count;
  const auto column = [&](Index p) { return (ox + p) * conv.stride + kx - conv.left; };
  while (first < last && column(first) < 0) ++first;
  while (last > first && column(last - 1) >= conv.w) --last;
  return {first, last, row + column(first) * 3};
}

/// The row of samples that output row oy reads by kernel row ky, or null.
DUHDR_INLINE const HatSample* row_of(const HatConv& conv, Index n, Index oy, Index ky) {
  const Index y = oy * conv.stride + ky - conv.top;
  return y < 0 || y >= conv.h ? nullptr : conv.samples + (n * conv.h + y) * conv.w * 3;
}

template <int vectors>
__attribute__((noinline)) void add_hats(const HatSpan& span, Index step, const float* table, float* sums) {
  constexpr Index wide = vectors * lanes;
  const HatSample* sample = span.samples;
  for (Index p = span.first; p < span.last; ++p, sample += step) {
    Vec sum[vectors];
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) sum[v] = load(sums + p * wide + v * lanes);
    DUHDR_UNROLL
    for (int c = 0; c < 3; ++c) {
      const float* row = table + (c * hat_knots + sample[c].knot) * wide;
      const Vec low = broadcast(1 - sample[c].fraction), high = broadcast(sample[c].fraction);
      DUHDR_UNROLL
      for (int v = 0; v < vectors; ++v)
        sum[v] = fma(high, load(row + wide + v * lanes), fma(low, load(row + v * lanes), sum[v]));
    }
    DUHDR_UNROLL
    for (int v = 0; v < vectors; ++v) store(sums + p * wide + v * lanes, sum[v]);
  }
}

template <int vectors>
DUHDR_INLINE void hat_block(const HatConv& conv, const ChannelBlock& block, const float* table, Index n, Index oy,
                            Index ox, Index count) {
  constexpr Index wide = vectors * lanes;
  float sums[hat_pixels * wide] = {};
  for (Index ky = 0; ky < conv.kh; ++ky)
    if (const HatSample* row = row_of(conv, n, oy, ky))
      for (Index kx = 0; kx < conv.kw; ++kx)
        add_hats<vectors>(span_of(conv, row, kx, ox, count), 3 * conv.stride,
                          table + (ky * conv.kw + kx) * 3 * hat_knots * wide, sums);
  const Target& target = conv.target;
  with_fused(target.activation, [&](auto fuse) {
    for (Index p = 0; p < count; ++p)
      for (int v = 0; v < vectors; ++v) {
        const Index channel = block.first + v * lanes, left = target.channels - channel;
        if (left <= 0) break;
        const Index at = n * target.image + oy * target.row + (ox + p) * target.pixel + channel;
        Vec value = load(sums + p * wide + v * lanes);
        if (target.bias) value = value + load_some(target.bias + channel, left);
        if (target.residual) value = value + load_some(target.residual + at, left);
        store_some(target.data + at, fused<decltype(fuse)::value>(value), left);
      }
  });
}

void hats(const HatConv& conv, Index first, Index count) {
  for (Index row = first; row < first + count; ++row)
    for (Index ox = 0; ox < conv.ow; ox += hat_pixels) {
      const float* table = conv.table;
      for (int b = 0; b < conv.block_count; ++b) {
        const ChannelBlock& block = conv.blocks[b];
        const auto run = block.vectors == 2 ? hat_block<2> : hat_block<1>;
        run(conv, block, table, row / conv.oh, row % conv.oh, ox, least(hat_pixels, conv.ow - ox));
        table += conv.kh * conv.kw * 3 * hat_knots * block.vectors * lanes;
      }
    }
}

/// Adds output rows [first, first + count), whose gradient is the target's data, to the table of one tap:
/// [3][knots][columns].
void hat_gradient(const HatConv& conv, Index ky, Index kx, Index first, Index count, Index columns, float* table) {
  for (Index r = first; r < first + count; ++r) {
    const Index n = r / conv.oh, oy = r % conv.oh;
    const HatSample* row = row_of(conv, n, oy, ky);
    if (!row) continue;
    const HatSpan span = span_of(conv, row, kx, 0, conv.ow);
    const HatSample* sample = span.samples;
    for (Index p = span.first; p < span.last; ++p, sample += 3 * conv.stride) {
      const float* gradient = conv.target.data + n * conv.target.image + oy * conv.target.row + p * conv.target.pixel;
      for (int c = 0; c < 3; ++c) {
        float* to = table + (c * hat_knots + sample[c].knot) * columns;
        const Vec low = broadcast(1 - sample[c].fraction), high = broadcast(sample[c].fraction);
        for (Index o = 0; o < conv.target.channels; o += lanes) {
          const Vec g = load_some(gradient + o, conv.target.channels - o);
          store(to + o, fma(low, g, load(to + o)));
          store(to + columns + o, fma(high, g, load(to + columns + o)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace duhdr::cpu
