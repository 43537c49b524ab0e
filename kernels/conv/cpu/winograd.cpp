// SPDX-License-Identifier: Apache-2.0
// Winograd's algorithm for 3x3 convolutions of stride 1, also over an image enlarged twofold: blocks of tiles are
// transformed, multiplied and transformed back while they lie in the level 2 cache. The order in which a result is
// summed up follows from the layer alone, so its bits do not depend on the number of threads, nor on the size of the
// image as long as its tiles lie at the same places (Window::block of kernels/reach.h).
#include <algorithm>
#include <array>

#include "kernels/conv/cpu/algorithm.h"
#include "kernels/conv/cpu/operands.h"
#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

constexpr Index padding = 16;  // floats between tiles and planes, so that they do not fall on the same cache sets

TileGrid grid_of(const Shape& image) {
  return {image.n(), image.h(), image.w(), ceil_div(image.h(), wino_out), ceil_div(image.w(), wino_out)};
}

// ------------------------------------------------------------------------------------------------------ weights

/// Kernels of `phases` results (4: the phases of an enlarged image) from `sources` (4: the phases of its gradient).
struct Packed {
  int phases = 1, sources = 1;
  Index channels = 0;  // of a source
  std::vector<ChannelBlock> blocks;
  std::vector<AbsentPoints> absent;  // [phases][sources]
  std::vector<Index> offset;         // [phases][chunks][positions]
  Tensor data;

  Index blocks_of_chunk() const { return wino_chunk / (2 * conv_kernels().lanes); }
  Index chunks() const { return ceil_div(static_cast<Index>(blocks.size()), blocks_of_chunk()); }
  WinogradWeights weights(int phase, Index chunk) const {
    const Index first = chunk * blocks_of_chunk(), left = static_cast<Index>(blocks.size()) - first;
    return {data.data<float>(),
            offset.data() + (phase * chunks() + chunk) * wino_positions,
            absent.data() + phase * sources,
            sources,
            channels,
            blocks.data() + first,
            static_cast<int>(std::min(left, blocks_of_chunk()))};
  }
};

/// Gives every position its place in the packed weights.
void lay_out(Packed& packed) {
  const Index lanes = conv_kernels().lanes, per_chunk = packed.blocks_of_chunk(), chunks = packed.chunks();
  Index total = 0;
  for (int phase = 0; phase < packed.phases; ++phase)
    for (Index chunk = 0; chunk < chunks; ++chunk) {
      Index vectors = 0;
      for (Index b = chunk * per_chunk; b < std::min<Index>(std::ssize(packed.blocks), (chunk + 1) * per_chunk); ++b)
        vectors += packed.blocks[static_cast<std::size_t>(b)].vectors;
      for (int p = 0; p < wino_positions; ++p) {
        const auto* absent = packed.absent.data() + phase * packed.sources;
        const auto present = std::count_if(absent, absent + packed.sources, [p](auto& a) { return a.has(p); });
        packed.offset.push_back(present ? total : -1);
        total += present * packed.channels * vectors * lanes;
      }
    }
  packed.data = room_for(total);
}

/// Fills block b of one phase: position by position the sources that have it.
void fill_block(const Packed& packed, float* data, const WinogradKernel& kernel, bool phases_of_sources, int phase,
                Index b, Index outputs) {
  const ConvKernels& kernels = conv_kernels();
  const Index per_chunk = packed.blocks_of_chunk(), chunk = b / per_chunk;
  const ChannelBlock& block = packed.blocks[static_cast<std::size_t>(b)];
  Index before = 0;  // vectors of the chunk's blocks before this one
  for (Index other = chunk * per_chunk; other < b; ++other)
    before += packed.blocks[static_cast<std::size_t>(other)].vectors;
  const Index* offset = packed.offset.data() + (phase * packed.chunks() + chunk) * wino_positions;
  std::array<Index, wino_positions> done{};  // sources that have been written
  const AbsentPoints* absent = packed.absent.data() + phase * packed.sources;
  for (int s = 0; s < packed.sources; ++s) {
    std::array<float*, wino_positions> to{};
    for (int p = 0; p < wino_positions; ++p) {
      if (!absent[s].has(p)) continue;
      const auto at = static_cast<std::size_t>(p);
      const auto present = std::count_if(absent, absent + packed.sources, [p](auto& a) { return a.has(p); });
      const Index floats = packed.channels * kernels.lanes;
      to[at] = data + offset[p] + present * before * floats + done[at]++ * block.vectors * floats;
    }
    WinogradKernel one = kernel;
    one.weight += block.first * kernel.output;
    one.phase = packed.phases == 4 ? phase : phases_of_sources ? s : -1;
    kernels.winograd_weights(one, packed.channels, outputs - block.first, block.vectors, to.data());
  }
}

/// The weight for the way forward, or turned for the gradient of the input channels [first, first + ci).
std::shared_ptr<const Packed> packed_weight(const ConvProblem& p, const Tensor& weight, bool turned) {
  return weight.derived<Packed>(
      message("winograd ", p.upsample, turned, ' ', p.first, ' ', p.ci, ' ', p.cs), [&]() -> std::shared_ptr<Packed> {
        const auto packed = std::make_shared<Packed>();
        const Index per_output = p.wi * 9, outputs = turned ? p.ci : p.co;
        packed->channels = turned ? p.co : p.ci + p.cs;
        packed->blocks = cpu::blocks_of(outputs);
        packed->phases = p.upsample && !turned ? 4 : 1;
        packed->sources = p.upsample && turned ? 4 : 1;
        for (int k = 0; k < packed->phases * packed->sources; ++k)
          packed->absent.push_back(absent_points(p.upsample ? k : -1, turned));
        lay_out(*packed);
        float* data = packed->data.mutable_data<float>();
        const WinogradKernel kernel{weight.data<float>() + p.first * 9, turned ? 9 : per_output,
                                    turned ? per_output : 9, turned, -1};
        const Index blocks = std::ssize(packed->blocks);
        parallel_for(packed->phases * blocks, [&](Index job) {
          fill_block(*packed, data, kernel, packed->sources == 4, static_cast<int>(job / blocks), job % blocks,
                     outputs);
        });
        return packed;
      });
}

// ------------------------------------------------------------------------------------------------------ tiles

struct Input {
  Source source;
  Index first;  // its first channel within a tile
};

struct Pass {
  const Packed& packed;
  std::vector<Input> inputs;
  TileGrid grid;
  std::vector<Target> targets;  // one for each phase
};

void transform(const Pass& pass, Index first, Index count, TileMatrix to) {
  for (const Input& input : pass.inputs)
    conv_kernels().winograd_input(input.source, pass.grid, first, count, {to.data + input.first, to.plane, to.tile});
}

/// Transformed tiles times one chunk of one phase's weights, and back to pixels. `sums` has room for them.
void multiply(const Pass& pass, int phase, Index chunk, TileMatrix tiles, Index first, Index count, TileMatrix sums) {
  const WinogradWeights weights = pass.packed.weights(phase, chunk);
  const Target& target = pass.targets[static_cast<std::size_t>(phase)];
  conv_kernels().winograd_product(weights, tiles, count, sums);
  const AbsentPoints absent = pass.packed.phases == 4 ? weights.absent[0] : AbsentPoints{};
  conv_kernels().winograd_output(sums, pass.grid, first, count, weights.blocks[0].first,
                                 std::min(target.channels - weights.blocks[0].first, wino_chunk), absent, target);
}

/// How tiles are cut into blocks. It decides about speed alone.
struct Blocking {
  Index tiles;  // of a block
  bool shared;  // all tiles are transformed first, then blocks and chunks of channels are shared out
};

Blocking blocking_of(const Pass& pass, Index tile_floats) {
  constexpr Index most_shared = Index{8} << 20;  // floats
  const Index channels = pass.packed.channels * pass.packed.sources, count = pass.grid.count();
  const Index block = pass.packed.phases == 4 ? (channels > 128 ? 48 : 24) : (channels > 256 ? 48 : 24);
  if (count < block * enough_jobs() && count * wino_positions * tile_floats <= most_shared) return {96, true};
  return {block, false};
}

void run(const Pass& pass) {
  const Index lanes = conv_kernels().lanes, count = pass.grid.count(), chunks = pass.packed.chunks();
  const Index tile = round_up(pass.packed.channels * pass.packed.sources, lanes) + padding;
  Blocking blocking = blocking_of(pass, tile);
  blocking.tiles = std::min(blocking.tiles, count);
  const Index blocks = ceil_div(count, blocking.tiles);
  const Index sum_plane = blocking.tiles * wino_chunk + padding;
  const auto size_of_block = [&](Index block) { return std::min(blocking.tiles, count - block * blocking.tiles); };
  if (!blocking.shared) {
    const Index plane = blocking.tiles * tile + padding;
    parallel_for(blocks, [&](Index block) {
      Tensor room = room_for(wino_positions * (plane + sum_plane));
      const TileMatrix tiles{room.mutable_data<float>(), plane, tile};
      const TileMatrix sums{tiles.data + wino_positions * plane, sum_plane, wino_chunk};
      const Index first = block * blocking.tiles;
      transform(pass, first, size_of_block(block), tiles);
      for (int phase = 0; phase < pass.packed.phases; ++phase)
        for (Index chunk = 0; chunk < chunks; ++chunk)
          multiply(pass, phase, chunk, tiles, first, size_of_block(block), sums);
    });
    return;
  }
  const Index plane = count * tile + padding;
  Tensor room = room_for(wino_positions * plane);
  const TileMatrix tiles{room.mutable_data<float>(), plane, tile};
  constexpr Index few = 8;
  parallel_for(ceil_div(count, few), [&](Index job) {
    const Index first = job * few;
    transform(pass, first, std::min(few, count - first), {tiles.data + first * tile, plane, tile});
  });
  parallel_for(pass.packed.phases * chunks * blocks, [&](Index job) {
    Tensor own = room_for(wino_positions * sum_plane);
    const Index block = job % blocks, first = block * blocking.tiles;
    multiply(pass, static_cast<int>(job / blocks / chunks), job / blocks % chunks,
             {tiles.data + first * tile, plane, tile}, first, size_of_block(block),
             {own.mutable_data<float>(), sum_plane, wino_chunk});
  });
}

// ------------------------------------------------------------------------------------------------------ directions

/// On small images some taps of a weight see zeros alone. Their gradients must be zero, not what rounding leaves of it
/// in the transform domain: Adam takes steps of the same length for a gradient of 1e-9.
bool supports(const ConvProblem& p, ConvDirection direction) {
  constexpr Index least_side = 8;
  if (p.dtype != DType::f32 || !suits_winograd(p)) return false;
  return direction != ConvDirection::backward_weight || (p.h >= least_side && p.w >= least_side);
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& skip, const Tensor& weight,
             const ConvEpilogue& epilogue, Tensor& y) {
  const auto packed = packed_weight(p, weight, false);
  Pass pass{*packed, {{source_of(x), 0}}, grid_of(x.shape()), {}};
  if (skip.defined()) pass.inputs.push_back({source_of(skip), p.ci});
  const Target target = target_of(y, epilogue);
  if (p.upsample)
    for (int phase = 0; phase < 4; ++phase) pass.targets.push_back(phase_of(target, phase));
  else
    pass.targets = {target};
  run(pass);
  finish(y, epilogue);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, Tensor& dx) {
  const auto packed = packed_weight(p, weight, true);
  Pass pass{*packed, {}, grid_of(dx.shape()), {target_of(dx, {})}};
  const Source gradient = source_of(dy);
  if (p.upsample)
    for (int phase = 0; phase < 4; ++phase) pass.inputs.push_back({phase_of(gradient, phase), phase * p.co});
  else
    pass.inputs = {{gradient, 0}};
  run(pass);
}

/// A block of tiles of both operands at a time; the positions are shared out among the threads, each adding up the
/// blocks one after another.
void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  constexpr Index room_floats = Index{2} << 20, least_tiles = 96, most_tiles = 512, few = 8;
  const ConvKernels& kernels = conv_kernels();
  const TileGrid grid = grid_of(x.shape());
  const int phases = p.upsample ? 4 : 1;
  const Index rows = p.ci, columns = round_up(p.co, kernels.lanes);
  const Index x_tile = round_up(rows, kernels.lanes) + padding, y_tile = columns + padding, count = grid.count();
  const Index block =
      std::min(count, std::clamp(room_floats / (wino_positions * (x_tile + phases * y_tile)), least_tiles, most_tiles));
  const Index x_plane = block * x_tile + padding, y_plane = block * y_tile + padding;
  Tensor x_room = room_for(wino_positions * x_plane), y_room = room_for(phases * wino_positions * y_plane);
  Tensor u = room_for(phases * wino_positions * rows * columns);
  const TileMatrix x_tiles{x_room.mutable_data<float>(), x_plane, x_tile};
  const auto y_tiles = [&, data = y_room.mutable_data<float>()](int phase) {
    return TileMatrix{data + phase * wino_positions * y_plane, y_plane, y_tile};
  };
  float* sums = u.mutable_data<float>();
  const Source source = source_of(x), gradient = source_of(dy);
  const auto gradient_of = [&](int phase) { return phases == 4 ? phase_of(gradient, phase) : gradient; };
  const Index strip = 4 * kernels.lanes, strips = ceil_div(columns, strip);

  for (Index first = 0; first < count; first += block) {
    const Index tiles = std::min(block, count - first);
    parallel_for(ceil_div(tiles, few), [&](Index job) {
      const Index t = job * few, some = std::min(few, tiles - t);
      kernels.winograd_input(source, grid, first + t, some, {x_tiles.data + t * x_tile, x_plane, x_tile});
      for (int phase = 0; phase < phases; ++phase)
        kernels.winograd_gradient(gradient_of(phase), grid, first + t, some,
                                  {y_tiles(phase).data + t * y_tile, y_plane, y_tile});
    });
    parallel_for(phases * wino_positions * strips, [&](Index job) {
      const Index column = job % strips * strip, place = job / strips, position = place % wino_positions;
      const auto phase = static_cast<int>(place / wino_positions);
      if (!absent_points(phases == 4 ? phase : -1, false).has(static_cast<int>(position))) return;
      kernels.outer({x_tiles.data + position * x_plane, y_tiles(phase).data + position * y_plane + column, x_tile,
                     y_tile, tiles, rows, std::min(strip, columns - column), sums + place * rows * columns + column,
                     columns, first > 0});
    });
  }

  std::vector<const float*> points;
  for (int k = 0; k < phases * wino_positions; ++k) {
    const bool has = absent_points(phases == 4 ? k / wino_positions : -1, false).has(k % wino_positions);
    points.push_back(has ? sums + k * rows * columns : nullptr);
  }
  float* taps = weight_gradient.mutable_data<float>() + p.first * 9;
  parallel_for(ceil_div(p.ci, few), [&](Index job) {
    std::vector<const float*> from = points;
    for (const float*& point : from)
      if (point) point += job * few * columns;
    kernels.winograd_taps(from.data(), phases, columns, std::min(few, p.ci - job * few), p.co, taps + job * few * 9,
                          p.wi * 9, 9);
  });
}

}  // namespace
}  // namespace duhdr::cpu

namespace duhdr {
const ConvBackend conv_winograd{"Winograd", cpu::supports, cpu::forward, cpu::backward_input, cpu::backward_weight};
}  // namespace duhdr
