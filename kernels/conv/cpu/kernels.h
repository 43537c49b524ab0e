// SPDX-License-Identifier: Apache-2.0
// The inner loops of the convolutions on a CPU. Their text (folder isa/) is compiled once for each instruction set into
// one table of functions; the table is chosen when the program starts. Everything they take is plain data: f32, NHWC.
#pragma once

#include <cstdint>

#include "kernels/conv/phases.h"

namespace duhdr::cpu {

using Index = std::int64_t;

/// An image as the kernels read it: pixel (n, y, x) begins at data + n image + y row + x pixel and has `channels`
/// values. The strides let every second pixel of a larger image stand as an image of its own.
struct Source {
  const float* data = nullptr;
  Index channels = 0, image = 0, row = 0, pixel = 0;
};

/// What the kernels can do to a sum before they store it.
enum class Fused : unsigned char { none, relu, leaky_relu };

/// Where results go: activation(sum + bias + residual). The residual lies as the result does.
struct Target {
  float* data = nullptr;
  const float* residual = nullptr;  // or null
  const float* bias = nullptr;      // [channels] or null
  Index channels = 0, image = 0, row = 0, pixel = 0;
  Fused activation = Fused::none;
};

/// Output channels in blocks of at most two vectors; weights are packed and sums held in registers block by block.
struct ChannelBlock {
  Index first = 0;
  int vectors = 0;
};

// ------------------------------------------------------------------------------------------------------ Winograd

constexpr int wino_out = 4;                        // F(4x4, 3x3): pixels a side of a tile's result,
constexpr int wino_in = 6;                         // ... of what it reads,
constexpr int wino_positions = wino_in * wino_in;  // and numbers it is in the transform domain
constexpr Index wino_chunk = 64;                   // output channels whose sums are made together

/// The tiles of images [n, h, w]: numbered by image, row, column.
struct TileGrid {
  Index n = 0, h = 0, w = 0, rows = 0, columns = 0;
  Index count() const { return n * rows * columns; }
};

/// Points that a kernel does without, because it is zero in its first or last row or column.
struct AbsentPoints {
  bool y_zero = false, y_infinity = false, x_zero = false, x_infinity = false;
  constexpr bool has(int position) const {
    const int y = position / wino_in, x = position % wino_in;
    return !((y == 0 && y_zero) || (y == wino_in - 1 && y_infinity) || (x == 0 && x_zero) ||
             (x == wino_in - 1 && x_infinity));
  }
};

/// The 2x2 kernel of a phase (kernels/conv/phases.h) as one of 3x3 around the pixel: phase 0 has the first two of three
/// taps along an axis, phase 1 the last two. The tap on which tap t of the enlarged image falls:
constexpr int phase_tap(int phase, int t) { return phase_row(phase, t) + phase; }

/// phase -1: an ordinary kernel. `turned`: by half a turn, as the gradient of the input has it.
constexpr AbsentPoints absent_points(int phase, bool turned) {
  if (phase < 0) return {};
  const bool y_zero = (phase / 2 == 1) != turned, x_zero = (phase % 2 == 1) != turned;
  return {y_zero, !y_zero, x_zero, !x_zero};
}

/// Tiles in the transform domain: position p of tile t begins at data + p plane + t tile.
struct TileMatrix {
  float* data = nullptr;
  Index plane = 0, tile = 0;
};

/// Packed weights: for every position, for each channel block, for each source whose kernel has the position,
/// [channels][block].
struct WinogradWeights {
  const float* data = nullptr;
  const Index* offset = nullptr;         // [positions] of the first block; below zero: no source has the position
  const AbsentPoints* absent = nullptr;  // [sources]
  int sources = 1;                       // of `channels` each, one after another in a tile
  Index channels = 0;
  const ChannelBlock* blocks = nullptr;
  int block_count = 0;
};

/// The kernel of one source: tap t = 3 y + x of output o and input c is weight[o output + c input + t], or, turned by
/// half a turn, 8 - t. `transposed`: the weight has 4x4 taps, of which a phase has 2x2 (phases.h).
struct WinogradKernel {
  const float* weight = nullptr;
  Index output = 0, input = 0;
  bool turned = false, transposed = false;
  int phase = -1;
};

// ---------------------------------------------------------------------------------------- Winograd, split kernels

constexpr int split_taps = 4;                            // F(4x4, 4x4): taps a side of a piece of the kernel,
constexpr int split_points = wino_out + split_taps - 1;  // ... and pixels a side of what a tile reads
constexpr int split_positions = split_points * split_points;

/// A kernel of 5 or 7 taps is cut at its middle along an axis: piece 0 has those before it, piece 1 the others. Whether
/// a piece has a point: the first has no first tap, so not the point zero; the second of 5 not the last, at infinity.
constexpr bool has_piece(int size, int point, int piece) {
  return piece == 0 ? point != 0 : point != split_points - 1 || size / 2 == split_taps - 1;
}
/// Of both axes, over all points: multiplications of a tile.
constexpr int split_products(int size) {
  int along = 0;
  for (int point = 0; point < split_points; ++point) along += has_piece(size, point, 0) + has_piece(size, point, 1);
  return along * along;
}

/// Tap t = size y + x of output o and input c is weight[o output + c input + t], or, turned by half a turn, the one as
/// far from the last.
struct SplitKernel {
  const float* weight = nullptr;
  Index output = 0, input = 0;
  int size = 0;
  bool turned = false;
};

/// Packed weights of a block of output channels: for every position, for each piece that has it along both axes (above
/// and before, above, before, own), [channels][block].
struct SplitWeights {
  const float* data = nullptr;
  int size = 0, vectors = 0;
  Index channels = 0;
};

// ------------------------------------------------------------------------------------------------------ implicit GEMM

/// A stretch of a sum: `rows` runs of `length` values, one kernel row below the other.
struct SumPart {
  int source = 0;
  Index dy = 0, dx = 0, first = 0;  // where in the kernel, and the value within the pixels
  int length = 0, rows = 1;
};

/// One convolution. Reads pixel (oy stride - top + ky dilation, ...), zero outside.
struct DirectConv {
  Source source[2];
  int sources = 1;
  Index h = 0, w = 0;           // of the sources
  Index n = 0, oh = 0, ow = 0;  // of the result
  Index kh = 1, kw = 1, stride = 1, dilation = 1, top = 0, left = 0;
  Target target;
  const float* weight = nullptr;  // packed: for each block, for each part, [rows][length][block]
  const ChannelBlock* blocks = nullptr;
  int block_count = 0;
  const SumPart* parts = nullptr;
  int part_count = 0;
  int together = 0;  // output pixels of a row that are computed together
};

/// A sum over pixels: c[m][...] += sum over k of a[k a_step + m] b[k b_step + ...], k < length.
struct OuterProduct {
  const float* a = nullptr;
  const float* b = nullptr;
  Index a_step = 0, b_step = 0, length = 0;
  Index rows = 0, columns = 0;  // of c, columns a multiple of the lanes
  float* c = nullptr;
  Index c_step = 0;
  bool accumulate = false;
};

struct DepthwiseConv {
  Source source;
  Index h = 0, w = 0, n = 0, oh = 0, ow = 0;
  Index kh = 1, kw = 1, stride = 1, dilation = 1, top = 0, left = 0;
  Target target;
  const float* weight = nullptr;  // [kh kw][channels]
};

constexpr Index hat_knots = 17;  // multiples of 1/16, where the bins of every histogram have their corners

/// A value in [0, 1]: `fraction` of the way from a knot to the next.
struct HatSample {
  std::int32_t knot = 0;
  float fraction = 0;
};

/// A convolution of the soft histograms of an image (and of the image) [n, h, w, 3], as sums over a table.
struct HatConv {
  const HatSample* samples = nullptr;  // [n, h, w, 3]
  Index n = 0, h = 0, w = 0, oh = 0, ow = 0;
  Index kh = 1, kw = 1, stride = 1, top = 0, left = 0;
  Target target;
  const float* table = nullptr;  // for each block [kh][kw][3][knots][block]
  const ChannelBlock* blocks = nullptr;
  int block_count = 0;
};

/// The functions of one instruction set.
struct ConvKernels {
  const char* isa;
  int lanes;        // floats of a vector
  int direct_rows;  // output pixels of a row that are computed together, by blocks of two vectors; twice that by one

  /// Kernels of `outputs` x `channels` in the transform domain: to[position] (null: not wanted) is [channels][block],
  /// a block having `vectors` vectors.
  void (*winograd_weights)(const WinogradKernel& kernel, Index channels, Index outputs, int vectors, float* const* to);
  /// Tiles [first, first + count). A tile reads 6x6 pixels from the one above and left of its own 4x4.
  void (*winograd_input)(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to);
  /// `rows` tiles times the weights.
  void (*winograd_product)(const WinogradWeights& weights, TileMatrix from, Index rows, TileMatrix to);
  /// Tiles [first, first + count) back to pixels: channels [channel, channel + channels) of the target.
  void (*winograd_output)(TileMatrix from, const TileGrid& grid, Index first, Index count, Index channel,
                          Index channels, AbsentPoints absent, const Target& target);
  /// The gradient of a result into the transform domain, 4x4 pixels a tile.
  void (*winograd_gradient)(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to);
  /// Gradients of weights from the transform domain: for each phase (1 or 4) and position u[36 phase + position] (null:
  /// absent) is [channels][u_step]. Tap t of output o and input c goes to taps[o output + c input + t].
  void (*winograd_taps)(const float* const* u, int phases, Index u_step, Index channels, Index outputs, float* taps,
                        Index output, Index input);

  /// Kernels of `outputs` x `channels` in the transform domain: one block of SplitWeights.
  void (*split_weights)(const SplitKernel& kernel, Index channels, Index outputs, int vectors, float* to);
  /// Tiles [first, first + count) of a grid whose first tile reads from (-4, -4) on.
  void (*split_input)(const Source& source, const TileGrid& grid, Index first, Index count, TileMatrix to);
  /// A stretch of a row of tiles times the weights: result t sums up what belongs to the tiles t and t + 1 of `above`
  /// and of its `own` row.
  void (*split_product)(const SplitWeights& weights, TileMatrix above, TileMatrix own, Index tiles, TileMatrix to);
  /// As winograd_output.
  void (*split_output)(TileMatrix from, const TileGrid& grid, Index first, Index count, Index channel, Index channels,
                       const Target& target);

  /// Groups of conv.together output pixels [first, first + count) of one row, `line` of those of all images. `room`:
  /// floats for their edges.
  void (*direct)(const DirectConv& conv, Index line, Index first, Index count, float* room);
  void (*outer)(const OuterProduct& product);
  /// Output rows [first, first + count) of all images.
  void (*depthwise)(const DepthwiseConv& conv, Index first, Index count);
  /// Output rows [first, first + count) of all images.
  void (*hats)(const HatConv& conv, Index first, Index count);
  /// Adds those rows, with the gradient in the target's data, to the table of one tap: [3][knots][columns].
  void (*hat_gradient)(const HatConv& conv, Index ky, Index kx, Index first, Index count, Index columns, float* table);
};

/// The table for this processor, or the one that DUHDR_CPU_ISA (scalar, avx2, avx512, neon) asks for. Throws usage when
/// the processor does not have it.
const ConvKernels& conv_kernels();

/// The same, or a table of narrower vectors where those of the first would be half empty at the least.
const ConvKernels& conv_kernels_for(Index channels);

}  // namespace duhdr::cpu
