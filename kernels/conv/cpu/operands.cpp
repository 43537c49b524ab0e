// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/cpu/operands.h"

#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

constexpr bool is_fused(Activation activation) {
  return activation == Activation::none || activation == Activation::relu || activation == Activation::leaky_relu;
}

Fused fused_of(Activation activation) {
  return activation == Activation::relu         ? Fused::relu
         : activation == Activation::leaky_relu ? Fused::leaky_relu
                                                : Fused::none;
}

}  // namespace

Source source_of(const Tensor& image) {
  if (!image.defined()) return {};
  const Shape& s = image.shape();
  return {image.data<float>(), s.c(), s.h() * s.w() * s.c(), s.w() * s.c(), s.c()};
}

Source phase_of(const Source& image, int phase) {
  return {image.data + phase / 2 * image.row + phase % 2 * image.pixel, image.channels, image.image, 2 * image.row,
          2 * image.pixel};
}

Target phase_of(const Target& image, int phase) {
  Target target = image;
  const Index offset = phase / 2 * image.row + phase % 2 * image.pixel;
  target.data += offset;
  if (target.residual) target.residual += offset;
  target.row *= 2;
  target.pixel *= 2;
  return target;
}

Target target_of(Tensor& y, const ConvEpilogue& epilogue) {
  const Shape& s = y.shape();
  return {y.mutable_data<float>(),
          epilogue.residual.defined() ? epilogue.residual.data<float>() : nullptr,
          epilogue.bias.defined() ? epilogue.bias.data<float>() : nullptr,
          s.c(),
          s.h() * s.w() * s.c(),
          s.w() * s.c(),
          s.c(),
          fused_of(epilogue.activation)};
}

void finish(Tensor& y, const ConvEpilogue& epilogue) {
  if (is_fused(epilogue.activation)) return;
  constexpr Index least = 8192;  // values that are worth a thread
  float* data = y.mutable_data<float>();
  with_activation(epilogue.activation, [&](auto row) {
    using Function = typename decltype(row)::Function;
    parallel_range(y.numel(), least, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) data[i] = Function{}(data[i]);
    });
  });
}

TileGrid grid_of(const Shape& image) {
  return {image.n(), image.h(), image.w(), ceil_div(image.h(), wino_out), ceil_div(image.w(), wino_out)};
}

std::vector<ChannelBlock> blocks_of(Index channels, const ConvKernels& kernels) {
  const int lanes = kernels.lanes;
  std::vector<ChannelBlock> blocks;
  for (Index c = 0; c < channels; c += blocks.back().vectors * lanes)
    blocks.push_back({c, channels - c > lanes ? 2 : 1});
  return blocks;
}

Index enough_jobs() { return Index{4} * cpu_threads(); }

}  // namespace duhdr::cpu
