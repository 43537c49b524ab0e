// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/cpu/algorithm.h"

#include <algorithm>

#include "kernels/camera/response_features.h"
#include "kernels/conv/cpu/operands.h"

namespace duhdr::cpu {

bool suits_winograd(const ConvProblem& p) {
  constexpr Index least_channels = 16;  // below, its transforms cost more than its multiplications save
  if (p.upsample) return true;
  return !p.depthwise && !p.features && p.kh == 3 && p.kw == 3 && p.stride == 1 && p.dilation == 1 &&
         p.ci + p.cs >= least_channels && p.co >= least_channels;
}

bool suits_transposed_winograd(const ConvProblem& p) {
  return p.is_plain() && !p.depthwise && p.kh == 4 && p.kw == 4 && p.stride == 2 && p.dilation == 1 && p.pad_top == 1 &&
         p.pad_left == 1 && p.h == 2 * p.oh && p.w == 2 * p.ow;
}

bool suits_split_winograd(const ConvProblem& p) {
  constexpr Index least_channels = 8, most_channels = 64;  // rounding grows with the sum in the transform domain
  const Index before = p.kh / 2;
  return p.is_plain() && !p.depthwise && p.kh == p.kw && (p.kh == 5 || p.kh == 7) && p.stride == 1 && p.dilation == 1 &&
         p.pad_top == before && p.pad_left == before && p.oh == p.h && p.ow == p.w &&
         std::min(p.ci, p.co) >= least_channels && std::max(p.ci, p.co) <= most_channels;
}

}  // namespace duhdr::cpu

namespace duhdr {
std::int64_t conv_block(const ConvProblem& problem, bool transposed) {
  if (transposed) return cpu::suits_transposed_winograd(problem) ? 2 * cpu::wino_out : 1;
  if (cpu::suits_split_winograd(problem)) return cpu::wino_out;
  return cpu::suits_winograd(problem) ? cpu::wino_out * (problem.upsample ? 2 : 1) : 1;
}

double conv_executed_flop(const ConvProblem& p, bool transposed) {
  using cpu::ceil_div;
  constexpr std::int64_t between_two_rows = 3 * 2;
  const std::int64_t pixels = p.n * p.oh * p.ow, h = transposed ? p.oh : p.h, w = transposed ? p.ow : p.w;
  const std::int64_t tiles = p.n * ceil_div(h, cpu::wino_out) * ceil_div(w, cpu::wino_out);
  const std::int64_t taps = p.kh * p.kw, channels = p.features ? sobel_channels + between_two_rows : p.ci + p.cs;
  const std::int64_t phased = 4 * (cpu::wino_in - 1) * (cpu::wino_in - 1);  // each phase does without one point a side
  const bool by_phases = p.upsample || (transposed && cpu::suits_transposed_winograd(p));
  const std::int64_t products = by_phases                ? tiles * phased * channels
                                : cpu::suits_winograd(p) ? tiles * cpu::wino_positions * channels
                                : cpu::suits_split_winograd(p)
                                    ? tiles * cpu::split_products(static_cast<int>(p.kh)) * channels
                                : p.depthwise ? pixels * taps
                                              : pixels * taps * channels;
  return 2 * static_cast<double>(products * p.co);
}
}  // namespace duhdr
