// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/cpu/plan.h"

#include <algorithm>

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
  constexpr Index chunk = 16384;
  float* data = y.mutable_data<float>();
  const Index count = y.numel();
  with_activation(epilogue.activation, [&](auto row) {
    using Function = typename decltype(row)::Function;
    parallel_for(ceil_div(count, chunk), [&](Index i) {
      for (Index k = i * chunk; k < std::min(count, (i + 1) * chunk); ++k) data[k] = Function{}(data[k]);
    });
  });
}

std::vector<ChannelBlock> blocks_of(Index channels, const ConvKernels& kernels) {
  const int lanes = kernels.lanes;
  std::vector<ChannelBlock> blocks;
  for (Index c = 0; c < channels; c += blocks.back().vectors * lanes)
    blocks.push_back({c, channels - c > lanes ? 2 : 1});
  return blocks;
}

Index enough_jobs() { return Index{4} * cpu_threads(); }

bool suits_winograd(const ConvProblem& p) {
  constexpr Index least_channels = 16;  // below, its transforms cost more than its multiplications save
  if (p.upsample) return true;
  return !p.depthwise && !p.features && p.kh == 3 && p.kw == 3 && p.stride == 1 && p.dilation == 1 &&
         p.ci + p.cs >= least_channels && p.co >= least_channels;
}

}  // namespace duhdr::cpu

namespace duhdr {
std::int64_t conv_block(const ConvProblem& problem) {
  return cpu::suits_winograd(problem) ? cpu::wino_out * (problem.upsample ? 2 : 1) : 1;
}

double conv_executed_flop(const ConvProblem& p) {
  using cpu::ceil_div;
  constexpr std::int64_t sobel = 6, between_two_rows = 3 * 2;
  const std::int64_t pixels = p.n * p.oh * p.ow,
                     tiles = p.n * ceil_div(p.h, cpu::wino_out) * ceil_div(p.w, cpu::wino_out);
  const std::int64_t taps = p.kh * p.kw, channels = p.features ? sobel + between_two_rows : p.ci + p.cs;
  const std::int64_t phased = 4 * (cpu::wino_in - 1) * (cpu::wino_in - 1);  // each phase does without one point a side
  const std::int64_t products = cpu::suits_winograd(p) ? tiles * (p.upsample ? phased : cpu::wino_positions) * channels
                                : p.depthwise          ? pixels * taps
                                                       : pixels * taps * channels;
  return 2 * static_cast<double>(products * p.co);
}
}  // namespace duhdr
