// SPDX-License-Identifier: Apache-2.0
// Implicit GEMM: convolutions of any kernel, stride and dilation. The gradient of the input is a convolution of the
// gradient with the turned kernel (for a stride s, one for each of the s x s places of a pixel); the gradient of the
// weight is a sum over pixels, in parts whose number follows from the layer and the image alone.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "kernels/conv/cpu/operands.h"
#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

// ------------------------------------------------------------------------------------------------------ weights

/// The taps of a weight that a convolution uses, in its order: value (o, c, y, x) is
/// weight[o output + c input + ys[y] kw + xs[x]].
struct Taps {
  const float* weight;
  Index output, input, kw;
  std::vector<Index> ys, xs;
};

struct Packed {
  const ConvKernels* kernels = nullptr;
  std::vector<ChannelBlock> blocks;
  std::vector<SumPart> parts;
  Index sum = 0;  // products of one result
  Tensor data;

  /// Where the weights of block b begin.
  const float* of_block(Index b) const { return data.data<float>() + sum * blocks[static_cast<std::size_t>(b)].first; }
};

/// Cuts the sum over sources, kernel rows, columns and channels into parts whose weights fit the level 1 cache.
std::vector<SumPart> parts_of(const std::vector<Index>& channels, Index kh, Index kw, bool dilated) {
  constexpr Index longest = 384;
  std::vector<SumPart> parts;
  for (int s = 0; s < static_cast<int>(channels.size()); ++s) {
    const Index c = channels[static_cast<std::size_t>(s)], run = dilated ? c : kw * c;  // values that lie together
    for (Index y = 0; y < kh;) {
      if (!dilated && 2 * run <= longest) {
        const Index rows = std::min(kh - y, longest / run);
        parts.push_back({s, y, 0, 0, static_cast<int>(run), static_cast<int>(rows)});
        y += rows;
        continue;
      }
      const Index pieces = ceil_div(run, longest), length = ceil_div(run, pieces);
      for (Index x = 0; x < (dilated ? kw : 1); ++x)
        for (Index first = 0; first < run; first += length)
          parts.push_back({s, y, x, first, static_cast<int>(std::min(length, run - first)), 1});
      ++y;
    }
  }
  return parts;
}

std::shared_ptr<Packed> pack(const Taps& taps, Index outputs, const std::vector<Index>& channels, bool dilated) {
  const auto packed = std::make_shared<Packed>();
  packed->kernels = &conv_kernels_for(outputs);
  const Index kh = std::ssize(taps.ys), kw = std::ssize(taps.xs), lanes = packed->kernels->lanes;
  packed->blocks = blocks_of(outputs, *packed->kernels);
  packed->parts = parts_of(channels, kh, kw, dilated);
  packed->sum = kh * kw * std::accumulate(channels.begin(), channels.end(), Index{0});
  packed->data = room_for(packed->sum * round_up(outputs, lanes));
  float* data = packed->data.mutable_data<float>();
  parallel_for(std::ssize(packed->blocks), [&](Index b) {
    const ChannelBlock& block = packed->blocks[static_cast<std::size_t>(b)];
    const Index wide = block.vectors * lanes, exist = std::min(wide, outputs - block.first);
    float* to = data + packed->sum * block.first;
    for (const SumPart& part : packed->parts) {
      const Index c = channels[static_cast<std::size_t>(part.source)], before = part.source ? channels[0] : 0;
      for (Index row = 0; row < part.rows; ++row)
        for (Index i = part.first; i < part.first + part.length; ++i, to += wide) {
          const float* from = taps.weight + block.first * taps.output + (before + i % c) * taps.input +
                              taps.ys[static_cast<std::size_t>(part.dy + row)] * taps.kw +
                              taps.xs[static_cast<std::size_t>(part.dx + i / c)];
          for (Index o = 0; o < exist; ++o) to[o] = from[o * taps.output];
          std::fill(to + exist, to + wide, 0.f);
        }
    }
  });
  return packed;
}

// ------------------------------------------------------------------------------------------------------ running

/// The columns of a convolution, once its geometry stands: shares out groups of pixels and blocks of channels.
void run(DirectConv conv, const Packed& packed) {
  if (conv.kh == 1 && conv.kw == 1 && conv.stride == 1 && conv.top == 0 && conv.left == 0 &&
      conv.target.pixel == conv.target.channels) {  // pixels all in one row
    conv.w = conv.ow = conv.n * conv.h * conv.w;
    conv.n = conv.h = conv.oh = 1;
  }
  const bool one_vector = packed.blocks.size() == 1 && packed.blocks.front().vectors == 1;
  conv.together = packed.kernels->direct_rows * (one_vector ? 2 : 1);
  const Index rows = conv.together, per_row = ceil_div(conv.ow, rows), lines = conv.n * conv.oh;
  const Index blocks = std::ssize(packed.blocks);
  // A job is a strip of the image, some groups wide and some rows high, so that a kernel's rows are still in the cache
  // when the next row of results reads them.
  constexpr Index most_together = 16, most_lines = 16;
  const Index together = std::clamp(per_row * lines / enough_jobs(), Index{1}, std::min(most_together, per_row));
  const Index strips = ceil_div(per_row, together);
  const Index high = std::clamp(strips * lines / enough_jobs(), Index{1}, most_lines);
  const Index pieces = strips * ceil_div(lines, high), wanted = ceil_div(enough_jobs(), pieces);
  const Index blocks_together = ceil_div(blocks, std::min(blocks, wanted)), shares = ceil_div(blocks, blocks_together);
  Index edge = 0;  // floats that a group reads
  for (int s = 0; s < conv.sources; ++s)
    edge += ((conv.kh - 1) * conv.dilation + 1) * ((rows - 1) * conv.stride + (conv.kw - 1) * conv.dilation + 1) *
            conv.source[s].channels;
  conv.parts = packed.parts.data();
  conv.part_count = static_cast<int>(packed.parts.size());
  parallel_for(pieces * shares, [&](Index job) {
    const Index piece = job / shares, block = job % shares * blocks_together;
    const Index strip = piece % strips * together, line = piece / strips * high;
    DirectConv one = conv;
    one.blocks = packed.blocks.data() + block;
    one.block_count = static_cast<int>(std::min(blocks_together, blocks - block));
    if (one.block_count <= 0) return;
    one.weight = packed.of_block(block);
    Tensor room = room_for(together * edge);
    for (Index l = line; l < std::min(line + high, lines); ++l)
      packed.kernels->direct(one, l, strip, std::min(together, per_row - strip), room.mutable_data<float>());
  });
}

std::vector<Index> all_of(Index count) {
  std::vector<Index> taps(static_cast<std::size_t>(count));
  std::iota(taps.begin(), taps.end(), Index{0});
  return taps;
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& skip, const Tensor& weight,
             const ConvEpilogue& epilogue, Tensor& y) {
  const auto packed = weight.derived<Packed>(message("direct ", p.first, ' ', p.ci, ' ', p.cs), [&] {
    const Index area = p.kh * p.kw;
    const Taps taps{weight.data<float>() + p.first * area, p.wi * area, area, p.kw, all_of(p.kh), all_of(p.kw)};
    return pack(taps, p.co, skip.defined() ? std::vector{p.ci, p.cs} : std::vector{p.ci}, p.dilation > 1);
  });
  DirectConv conv;
  conv.source[0] = source_of(x);
  conv.source[1] = source_of(skip);
  conv.sources = skip.defined() ? 2 : 1;
  conv.h = p.h, conv.w = p.w, conv.n = p.n, conv.oh = p.oh, conv.ow = p.ow;
  conv.kh = p.kh, conv.kw = p.kw, conv.stride = p.stride, conv.dilation = p.dilation;
  conv.top = p.pad_top, conv.left = p.pad_left;
  conv.target = target_of(y, epilogue);
  run(conv, *packed);
  finish(y, epilogue);
}

/// Along one axis, the taps that reach pixels at `place` modulo the stride, in the order of the results they come from;
/// and `before`: how many results before its own the first of them is.
struct Reached {
  std::vector<Index> taps;
  Index before = 0;
};

Reached taps_reaching(Index place, Index kernel, Index pad, Index stride, Index dilation) {
  Reached reached;
  for (Index tap = kernel - 1; tap >= 0; --tap) {
    const Index distance = place + pad - tap * dilation;
    if (distance % stride != 0) continue;
    if (reached.taps.empty()) reached.before = -distance / stride;
    reached.taps.push_back(tap);
  }
  return reached;
}

void fill_with_zeros(const Target& target, Index n, Index h, Index w) {
  for (Index i = 0; i < n; ++i)
    for (Index y = 0; y < h; ++y)
      for (Index x = 0; x < w; ++x)
        std::fill_n(target.data + i * target.image + y * target.row + x * target.pixel, target.channels, 0.f);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue& epilogue,
                    Tensor& dx) {
  const Target whole = target_of(dx, epilogue);
  for (Index place = 0; place < p.stride * p.stride; ++place) {
    const Index py = place / p.stride, px = place % p.stride;
    const Reached ys = taps_reaching(py, p.kh, p.pad_top, p.stride, p.dilation);
    const Reached xs = taps_reaching(px, p.kw, p.pad_left, p.stride, p.dilation);
    DirectConv conv;
    conv.n = p.n, conv.oh = ceil_div(p.h - py, p.stride), conv.ow = ceil_div(p.w - px, p.stride);
    conv.target = whole;
    conv.target.data += py * whole.row + px * whole.pixel;
    conv.target.row *= p.stride;
    conv.target.pixel *= p.stride;
    if (conv.oh <= 0 || conv.ow <= 0) continue;
    if (ys.taps.empty() || xs.taps.empty()) {
      fill_with_zeros(conv.target, conv.n, conv.oh, conv.ow);
      continue;
    }
    const auto packed = weight.derived<Packed>(message("turned ", p.first, ' ', p.ci, ' ', place), [&] {
      const Index area = p.kh * p.kw;
      return pack({weight.data<float>() + p.first * area, area, p.wi * area, p.kw, ys.taps, xs.taps}, p.ci, {p.co},
                  p.dilation > 1);
    });
    conv.source[0] = source_of(dy);
    conv.h = p.oh, conv.w = p.ow;
    conv.kh = std::ssize(ys.taps), conv.kw = std::ssize(xs.taps);
    conv.dilation = p.dilation;
    conv.top = ys.before, conv.left = xs.before;
    run(conv, *packed);
  }
  finish(dx, epilogue);
}

// ------------------------------------------------------------------------------------------------------ weight
// gradient

/// Pixels of one image row as they are multiplied: zeros where there is no image.
void copy_row(const Source& image, Index n, Index y, Index h, Index left, Index width, Index w, Index step, float* to) {
  const Index c = image.channels, first = std::min(left, width), last = std::min(left + w, width);
  if (y < 0 || y >= h) return void(std::fill_n(to, width * step, 0.f));
  const float* from = image.data + n * image.image + y * image.row;
  const auto copied = [](Index floats) { return static_cast<std::size_t>(floats) * sizeof(float); };
  std::fill_n(to, first * step, 0.f);
  if (step == c) {
    std::memcpy(to + first * c, from, copied((last - first) * c));
  } else {
    for (Index x = first; x < last; ++x) {
      std::memcpy(to + x * step, from + (x - left) * c, copied(c));
      std::fill_n(to + x * step + c, step - c, 0.f);
    }
  }
  std::fill(to + last * step, to + width * step, 0.f);
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  constexpr Index most_parts = 16, most_floats = Index{8} << 20;
  const ConvKernels& kernels = conv_kernels_for(p.co);
  // Without dilation the values under a kernel row lie together, and so do the rows of the product.
  const Index runs = p.dilation == 1 ? 1 : p.kw, length = p.dilation == 1 ? p.kw * p.ci : p.ci;
  const Index columns = round_up(p.co, kernels.lanes), per_row = p.kw * p.ci * columns, size = p.kh * per_row;
  const Index image_rows = p.n * p.oh;
  const Index parts = std::clamp(most_floats / size, Index{1}, std::min(most_parts, image_rows));
  const Index width = (p.ow - 1) * p.stride + (p.kw - 1) * p.dilation + 1;
  Tensor sums = room_for(parts * size);
  float* u = sums.mutable_data<float>();
  const Source source = source_of(x), gradient = source_of(dy);
  parallel_for(parts * p.kh, [&](Index job) {
    const Index part = job / p.kh, ky = job % p.kh;
    const Index first = part * image_rows / parts, last = (part + 1) * image_rows / parts;
    const bool whole_vectors = p.co == columns;
    Tensor room = room_for(width * p.ci + (whole_vectors ? 0 : p.ow * columns));
    float *row = room.mutable_data<float>(), *copy = row + width * p.ci;
    for (Index r = first; r < last; ++r) {
      const Index n = r / p.oh, oy = r % p.oh;
      copy_row(source, n, oy * p.stride + ky * p.dilation - p.pad_top, p.h, p.pad_left, width, p.w, p.ci, row);
      if (!whole_vectors) copy_row(gradient, n, oy, p.oh, 0, p.ow, p.ow, columns, copy);
      const float* result = whole_vectors ? gradient.data + n * gradient.image + oy * gradient.row : copy;
      for (Index run = 0; run < runs; ++run)
        kernels.outer({row + run * p.dilation * p.ci, result, p.stride * p.ci, columns, p.ow, length, columns,
                       u + part * size + ky * per_row + run * p.ci * columns, columns, r > first});
    }
  });
  const Index area = p.kh * p.kw;
  float* taps = weight_gradient.mutable_data<float>() + p.first * area;
  parallel_for(p.kh * p.kw, [&](Index tap) {
    for (Index c = 0; c < p.ci; ++c)
      for (Index o = 0; o < p.co; ++o) {
        const float* from = u + (tap * p.ci + c) * columns + o;
        float sum = from[0];
        for (Index part = 1; part < parts; ++part) sum += from[part * size];
        taps[(o * p.wi + c) * area + tap] = sum;
      }
  });
}

bool supports(const ConvProblem& p, ConvDirection direction) {
  if (p.dtype != DType::f32 || p.depthwise || p.upsample || p.features) return false;
  return direction != ConvDirection::backward_input || p.stride == 1 || p.dilation == 1;
}

}  // namespace
}  // namespace duhdr::cpu

namespace duhdr {
const ConvBackend conv_direct{"implicit GEMM", cpu::supports, cpu::forward, cpu::backward_input, cpu::backward_weight};
}  // namespace duhdr
