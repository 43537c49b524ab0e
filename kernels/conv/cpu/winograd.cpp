// SPDX-License-Identifier: Apache-2.0
// Winograd's algorithm for 3x3 convolutions of stride 1, also over an image enlarged twofold, and for transposed 4x4
// convolutions of stride 2: blocks of tiles are transformed, multiplied and transformed back while they lie in the
// level 2 cache. The order in which a result is summed up follows from the layer alone, so its bits do not depend on
// the number of threads, nor on the size of the image as long as its tiles lie at the same places (Window::block of
// kernels/reach.h).
#include <algorithm>
#include <array>

#include "kernels/conv/cpu/algorithm.h"
#include "kernels/conv/cpu/operands.h"
#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

// ------------------------------------------------------------------------------------------------------ weights

struct ChannelRange {
  Index first, count;
};

/// The kernels of a layer as the products take them: of `phases` results (4: those of an enlarged image) from
/// `sources` (4: the phases of its gradient), in parts of one phase and one chunk of output channels. In the transform
/// domain they take four to eleven times the room of the weights, so they are made anew whenever a layer runs.
class Kernels {
 public:
  /// For the way forward, or for the gradient of the input channels [first, first + ci), which is what a transposed
  /// convolution computes, too.
  Kernels(const ConvProblem& p, const Tensor& weight, ConvDirection direction);

  int phases() const { return phases_; }
  Index channels() const { return channels_ * sources_; }
  Index chunks() const { return ceil_div(std::ssize(blocks_), blocks_of_chunk()); }
  Index parts() const { return phases_ * chunks(); }
  Index floats(Index part) const { return starts_[at(part + 1)] - starts_[at(part)]; }
  /// Where a part begins when all of them lie one after another; after the last: floats of all.
  Index start(Index part) const { return starts_[at(part)]; }
  ChannelRange results_of(Index part) const;  // channels

  /// Transforms a part, which has room at `to`.
  void make(Index part, float* to) const;
  void make_all(float* to) const;
  WinogradWeights weights(Index part, const float* data) const;

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  static Index blocks_of_chunk() { return wino_chunk / (2 * conv_kernels().lanes); }
  Index first_block(Index part) const { return part % chunks() * blocks_of_chunk(); }
  Index end_block(Index part) const { return std::min(std::ssize(blocks_), first_block(part) + blocks_of_chunk()); }
  const AbsentPoints* absent(Index part) const { return absent_.data() + part / chunks() * sources_; }
  /// Sources of a part's phase that have a position.
  Index present(Index part, int position) const {
    return std::count_if(absent(part), absent(part) + sources_, [=](auto& a) { return a.has(position); });
  }
  void lay_out();
  void make_block(Index part, Index block, float* to) const;

  WinogradKernel kernel_;
  int phases_, sources_;
  Index channels_, outputs_;  // of a source; of a phase
  std::vector<ChannelBlock> blocks_;
  std::vector<AbsentPoints> absent_;  // [phases][sources]
  std::vector<Index> offsets_;        // [parts][positions], within the part
  std::vector<Index> starts_;         // [parts + 1]
};

Kernels::Kernels(const ConvProblem& p, const Tensor& weight, ConvDirection direction) {
  const bool back = direction == ConvDirection::backward_input, transposed = back && suits_transposed_winograd(p);
  const bool turned = back && !transposed;  // the phases of a transposed convolution are taken in their order
  phases_ = transposed || (p.upsample && !back) ? 4 : 1;
  sources_ = p.upsample && back ? 4 : 1;
  channels_ = back ? p.co : p.ci + p.cs;
  outputs_ = back ? p.ci : p.co;
  blocks_ = cpu::blocks_of(outputs_);
  const Index taps = p.kh * p.kw, per_output = p.wi * taps;
  kernel_ = {weight.data<float>() + p.first * taps, back ? taps : per_output, back ? per_output : taps, turned,
             transposed};
  const bool phased = phases_ * sources_ == 4;
  for (int k = 0; k < phases_ * sources_; ++k) absent_.push_back(absent_points(phased ? k : -1, turned));
  lay_out();
}

/// Gives every position its place.
void Kernels::lay_out() {
  starts_.push_back(0);
  for (Index part = 0; part < parts(); ++part) {
    Index vectors = 0, total = 0;
    for (Index b = first_block(part); b < end_block(part); ++b) vectors += blocks_[at(b)].vectors;
    for (int p = 0; p < wino_positions; ++p) {
      offsets_.push_back(present(part, p) ? total : -1);
      total += present(part, p) * channels_ * vectors * conv_kernels().lanes;
    }
    starts_.push_back(starts_.back() + total);
  }
}

ChannelRange Kernels::results_of(Index part) const {
  const Index first = blocks_[at(first_block(part))].first;
  return {first, std::min(outputs_ - first, wino_chunk)};
}

/// Position by position the sources that have it.
void Kernels::make_block(Index part, Index block, float* data) const {
  const ConvKernels& kernels = conv_kernels();
  Index before = 0;  // vectors of the part's blocks before this one
  for (Index other = first_block(part); other < block; ++other) before += blocks_[at(other)].vectors;
  const ChannelBlock& own = blocks_[at(block)];
  const Index floats = channels_ * kernels.lanes;  // of a vector
  std::array<Index, wino_positions> done{};        // sources that have been written
  for (int s = 0; s < sources_; ++s) {
    std::array<float*, wino_positions> to{};
    for (int p = 0; p < wino_positions; ++p)
      if (absent(part)[s].has(p))
        to[at(p)] = data + offsets_[at(part * wino_positions + p)] + present(part, p) * before * floats +
                    done[at(p)]++ * own.vectors * floats;
    WinogradKernel one = kernel_;
    one.weight += own.first * kernel_.output;
    one.phase = phases_ == 4 ? static_cast<int>(part / chunks()) : sources_ == 4 ? s : -1;
    kernels.winograd_weights(one, channels_, outputs_ - own.first, own.vectors, to.data());
  }
}

void Kernels::make(Index part, float* to) const {
  for (Index b = first_block(part); b < end_block(part); ++b) make_block(part, b, to);
}

void Kernels::make_all(float* to) const {
  parallel_for(parts() * blocks_of_chunk(), [&](Index job) {
    const Index part = job / blocks_of_chunk(), block = first_block(part) + job % blocks_of_chunk();
    if (block < end_block(part)) make_block(part, block, to + start(part));
  });
}

WinogradWeights Kernels::weights(Index part, const float* data) const {
  return {data,
          offsets_.data() + part * wino_positions,
          absent(part),
          sources_,
          channels_,
          blocks_.data() + first_block(part),
          static_cast<int>(end_block(part) - first_block(part))};
}

// ------------------------------------------------------------------------------------------------------ tiles

struct Input {
  Source source;
  Index first;  // its first channel within a tile
};

struct Pass {
  const Kernels& kernels;
  std::vector<Input> inputs;
  TileGrid grid;
  std::vector<Target> targets;  // one for each phase
};

void transform(const Pass& pass, Index first, Index count, TileMatrix to) {
  for (const Input& input : pass.inputs)
    conv_kernels().winograd_input(input.source, pass.grid, first, count, {to.data + input.first, to.plane, to.tile});
}

/// Transformed tiles times a part of the kernels, made at `data`, and back to pixels. `sums` has room for them.
void multiply(const Pass& pass, Index part, const float* data, TileMatrix tiles, Index first, Index count,
              TileMatrix sums) {
  const WinogradWeights weights = pass.kernels.weights(part, data);
  const ChannelRange results = pass.kernels.results_of(part);
  conv_kernels().winograd_product(weights, tiles, count, sums);
  const AbsentPoints absent = pass.kernels.phases() == 4 ? weights.absent[0] : AbsentPoints{};
  conv_kernels().winograd_output(sums, pass.grid, first, count, results.first, results.count, absent,
                                 pass.targets[static_cast<std::size_t>(part / pass.kernels.chunks())]);
}

/// How a layer is cut up. It decides about speed and memory alone.
struct Blocking {
  Index tiles;         // of a block
  bool keeps_kernels;  // they are transformed as a whole first; otherwise part by part, by those who need them
  bool keeps_tiles;    // likewise, block by block
};

Blocking blocking_of(const Pass& pass, Index tile_floats) {
  constexpr Index large = Index{4} << 20, too_large = Index{8} << 20;  // floats
  const Kernels& kernels = pass.kernels;
  const Index count = pass.grid.count(), floats = wino_positions * count * tile_floats;
  const Index whole = kernels.start(kernels.parts());
  if (whole > large && floats <= whole) return {96, false, true};
  const Index block =
      kernels.phases() == 4 ? (kernels.channels() > 128 ? 48 : 24) : (kernels.channels() > 256 ? 48 : 24);
  if (count < block * enough_jobs() && floats <= too_large) return {96, true, true};
  return {block, true, false};
}

/// Every thread takes blocks of tiles through all kernels.
void run_by_blocks(const Pass& pass, Index block_tiles, Index tile, const float* kernels) {
  const Index count = pass.grid.count();
  const Index plane = block_tiles * tile + tile_padding, sum_plane = block_tiles * wino_chunk + tile_padding;
  parallel_for(ceil_div(count, block_tiles), [&](Index block) {
    Tensor room = room_for(wino_positions * (plane + sum_plane));
    const TileMatrix tiles{room.mutable_data<float>(), plane, tile};
    const TileMatrix sums{tiles.data + wino_positions * plane, sum_plane, wino_chunk};
    const Index first = block * block_tiles, some = std::min(block_tiles, count - first);
    transform(pass, first, some, tiles);
    for (Index part = 0; part < pass.kernels.parts(); ++part)
      multiply(pass, part, kernels + pass.kernels.start(part), tiles, first, some, sums);
  });
}

/// Every thread takes parts of the kernels, and makes them where they are null, through stretches of all tiles.
void run_by_parts(const Pass& pass, Index block_tiles, Index tile, const float* kernels) {
  constexpr Index few = 8;
  const Index count = pass.grid.count(), blocks = ceil_div(count, block_tiles), parts = pass.kernels.parts();
  const Index plane = count * tile + tile_padding, sum_plane = block_tiles * wino_chunk + tile_padding;
  Tensor room = room_for(wino_positions * plane);
  const TileMatrix tiles{room.mutable_data<float>(), plane, tile};
  parallel_for(ceil_div(count, few), [&](Index job) {
    const Index first = job * few;
    transform(pass, first, std::min(few, count - first), {tiles.data + first * tile, plane, tile});
  });
  const Index stretches = kernels ? blocks : std::min(blocks, ceil_div(cpu_threads(), parts));
  parallel_for(parts * stretches, [&](Index job) {
    const Index part = job / stretches, stretch = job % stretches;
    Tensor own = room_for(wino_positions * sum_plane + (kernels ? 0 : pass.kernels.floats(part)));
    const TileMatrix sums{own.mutable_data<float>(), sum_plane, wino_chunk};
    float* made = sums.data + wino_positions * sum_plane;
    if (!kernels) pass.kernels.make(part, made);
    const float* data = kernels ? kernels + pass.kernels.start(part) : made;
    for (Index block = stretch * blocks / stretches; block < (stretch + 1) * blocks / stretches; ++block) {
      const Index first = block * block_tiles;
      multiply(pass, part, data, {tiles.data + first * tile, plane, tile}, first, std::min(block_tiles, count - first),
               sums);
    }
  });
}

void run(const Pass& pass) {
  const Index tile = round_up(pass.kernels.channels(), conv_kernels().lanes) + tile_padding;
  const Blocking blocking = blocking_of(pass, tile);
  Tensor kernels;
  if (blocking.keeps_kernels) {
    kernels = room_for(pass.kernels.start(pass.kernels.parts()));
    pass.kernels.make_all(kernels.mutable_data<float>());
  }
  (blocking.keeps_tiles ? run_by_parts : run_by_blocks)(pass, std::min(blocking.tiles, pass.grid.count()), tile,
                                                        kernels.defined() ? kernels.data<float>() : nullptr);
}

// ------------------------------------------------------------------------------------------------------ directions

/// On small images some taps of a weight see zeros alone. Their gradients must be zero, not what rounding leaves of it
/// in the transform domain: Adam takes steps of the same length for a gradient of 1e-9.
bool supports(const ConvProblem& p, ConvDirection direction) {
  constexpr Index least_side = 8;
  if (p.dtype != DType::f32) return false;
  if (direction == ConvDirection::backward_input && suits_transposed_winograd(p)) return true;
  if (!suits_winograd(p)) return false;
  return direction != ConvDirection::backward_weight || (p.h >= least_side && p.w >= least_side);
}

std::vector<Target> targets_of(const Kernels& kernels, const Target& whole) {
  if (kernels.phases() == 1) return {whole};
  return {phase_of(whole, 0), phase_of(whole, 1), phase_of(whole, 2), phase_of(whole, 3)};
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& skip, const Tensor& weight,
             const ConvEpilogue& epilogue, Tensor& y) {
  const Kernels kernels(p, weight, ConvDirection::forward);
  Pass pass{kernels, {{source_of(x), 0}}, grid_of(x.shape()), targets_of(kernels, target_of(y, epilogue))};
  if (skip.defined()) pass.inputs.push_back({source_of(skip), p.ci});
  run(pass);
  finish(y, epilogue);
}

/// The tiles lie on the smaller of both images.
void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue& epilogue,
                    Tensor& dx) {
  const Kernels kernels(p, weight, ConvDirection::backward_input);
  const Shape& tiled = p.upsample ? dx.shape() : dy.shape();
  Pass pass{kernels, {}, grid_of(tiled), targets_of(kernels, target_of(dx, epilogue))};
  const Source gradient = source_of(dy);
  if (p.upsample)
    for (int phase = 0; phase < 4; ++phase) pass.inputs.push_back({phase_of(gradient, phase), phase * p.co});
  else
    pass.inputs = {{gradient, 0}};
  run(pass);
  finish(dx, epilogue);
}

/// A block of tiles of both operands at a time; the positions are shared out among the threads, each adding up the
/// blocks one after another.
void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  constexpr Index room_floats = Index{2} << 20, least_tiles = 96, most_tiles = 512, few = 8;
  const ConvKernels& kernels = conv_kernels();
  const TileGrid grid = grid_of(x.shape());
  const int phases = p.upsample ? 4 : 1;
  const Index rows = p.ci, columns = round_up(p.co, kernels.lanes);
  const Index x_tile = round_up(rows, kernels.lanes) + tile_padding, y_tile = columns + tile_padding,
              count = grid.count();
  const Index block =
      std::min(count, std::clamp(room_floats / (wino_positions * (x_tile + phases * y_tile)), least_tiles, most_tiles));
  const Index x_plane = block * x_tile + tile_padding, y_plane = block * y_tile + tile_padding;
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
