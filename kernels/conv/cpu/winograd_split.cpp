// SPDX-License-Identifier: Apache-2.0
// Winograd's algorithm for kernels of 5x5 and 7x7 taps, cut into pieces of at most 4x4 (isa/winograd_split.h). A job
// takes a strip of a few rows of tiles and holds two rows in the transform domain: a tile's own and the one above. The
// order of every sum follows from the layer alone, as in winograd.cpp.
#include <algorithm>

#include "kernels/conv/cpu/algorithm.h"
#include "kernels/conv/cpu/operands.h"
#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

/// The kernels of a layer for the way forward, or turned for the gradient of the input.
struct Kernels {
  const ConvKernels& kernels;
  int size;
  Index channels, outputs;
  std::vector<ChannelBlock> blocks;
  Tensor data;

  Kernels(const ConvProblem& p, const Tensor& weight, bool turned);
  Index floats_before(Index block) const {
    return split_products(size) * channels * blocks[static_cast<std::size_t>(block)].first;
  }
};

Kernels::Kernels(const ConvProblem& p, const Tensor& weight, bool turned)
    : kernels(conv_kernels_for(turned ? p.ci : p.co)),
      size(static_cast<int>(p.kh)),
      channels(turned ? p.co : p.ci),
      outputs(turned ? p.ci : p.co),
      blocks(blocks_of(outputs, kernels)),
      data(room_for(split_products(size) * channels * round_up(outputs, kernels.lanes))) {
  const Index area = p.kh * p.kw, per_output = p.wi * area;
  const SplitKernel kernel{weight.data<float>() + p.first * area, turned ? area : per_output,
                           turned ? per_output : area, size, turned};
  float* to = data.mutable_data<float>();
  parallel_for(std::ssize(blocks), [&](Index b) {
    const ChannelBlock& block = blocks[static_cast<std::size_t>(b)];
    SplitKernel one = kernel;
    one.weight += block.first * kernel.output;
    kernels.split_weights(one, channels, outputs - block.first, block.vectors, to + floats_before(b));
  });
}

void run(const Kernels& layer, const Source& source, const Shape& image, const Target& target) {
  constexpr Index most_tiles = 24, most_rows = 16, cache = Index{96} << 10;  // floats
  const ConvKernels& kernels = layer.kernels;
  const TileGrid grid = grid_of(image);
  TileGrid read = grid;  // one tile more before and above
  ++read.rows;
  ++read.columns;
  const Index tile = round_up(layer.channels, kernels.lanes) + tile_padding;
  const Index fitting = std::max(cache / (2 * split_positions * tile), Index{1});
  const Index strips = ceil_div(grid.columns, std::min(most_tiles, fitting)), wide = ceil_div(grid.columns, strips);
  const Index wanted = ceil_div(enough_jobs(), strips * grid.n);
  const Index bands = std::max(ceil_div(grid.rows, most_rows), std::min(wanted, grid.rows));
  const Index chunk = 2 * kernels.lanes, plane = (wide + 1) * tile + tile_padding,
              sum_plane = wide * chunk + tile_padding;
  parallel_for(grid.n * strips * bands, [&](Index job) {
    const Index strip = job % strips, band = job / strips % bands, n = job / strips / bands;
    const Index first = strip * wide, count = std::min(wide, grid.columns - first);
    if (count <= 0) return;
    Tensor room = room_for(split_positions * (2 * plane + sum_plane));
    float* data = room.mutable_data<float>();
    TileMatrix above{data, plane, tile}, own{data + split_positions * plane, plane, tile};
    const TileMatrix sums{own.data + split_positions * plane, sum_plane, chunk};
    const auto transform = [&](Index row, const TileMatrix& to) {
      kernels.split_input(source, read, (n * read.rows + row) * read.columns + first, count + 1, to);
    };
    const Index begin = band * grid.rows / bands, end = (band + 1) * grid.rows / bands;
    transform(begin, own);
    for (Index row = begin; row < end; ++row) {
      std::swap(above, own);
      transform(row + 1, own);
      for (Index b = 0; b < std::ssize(layer.blocks); ++b) {
        const ChannelBlock& block = layer.blocks[static_cast<std::size_t>(b)];
        kernels.split_product(
            {layer.data.data<float>() + layer.floats_before(b), layer.size, block.vectors, layer.channels}, above, own,
            count, sums);
        kernels.split_output(sums, grid, (n * grid.rows + row) * grid.columns + first, count, block.first,
                             std::min(block.vectors * Index{kernels.lanes}, layer.outputs - block.first), target);
      }
    }
  });
}

bool supports(const ConvProblem& p, ConvDirection direction) {
  return p.dtype == DType::f32 && direction != ConvDirection::backward_weight && suits_split_winograd(p);
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor&, const Tensor& weight, const ConvEpilogue& epilogue,
             Tensor& y) {
  run(Kernels(p, weight, false), source_of(x), y.shape(), target_of(y, epilogue));
  finish(y, epilogue);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue&, Tensor& dx) {
  run(Kernels(p, weight, true), source_of(dy), dx.shape(), target_of(dx, {}));
}

}  // namespace
}  // namespace duhdr::cpu

namespace duhdr {
const ConvBackend conv_winograd_split{"Winograd, split kernels", cpu::supports, cpu::forward, cpu::backward_input,
                                      nullptr};
}  // namespace duhdr
