// SPDX-License-Identifier: Apache-2.0
#include "kernels/conv/cpu/algorithm.h"

#include "kernels/camera/response_features.h"
#include "kernels/conv/cpu/operands.h"

namespace duhdr::cpu {

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
  constexpr std::int64_t between_two_rows = 3 * 2;
  const std::int64_t pixels = p.n * p.oh * p.ow,
                     tiles = p.n * ceil_div(p.h, cpu::wino_out) * ceil_div(p.w, cpu::wino_out);
  const std::int64_t taps = p.kh * p.kw, channels = p.features ? sobel_channels + between_two_rows : p.ci + p.cs;
  const std::int64_t phased = 4 * (cpu::wino_in - 1) * (cpu::wino_in - 1);  // each phase does without one point a side
  const std::int64_t products = cpu::suits_winograd(p) ? tiles * (p.upsample ? phased : cpu::wino_positions) * channels
                                : p.depthwise          ? pixels * taps
                                                       : pixels * taps * channels;
  return 2 * static_cast<double>(products * p.co);
}
}  // namespace duhdr
