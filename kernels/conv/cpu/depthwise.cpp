// SPDX-License-Identifier: Apache-2.0
// Depthwise convolutions, forward and the gradient of the input. That of the weight is left to the reference loops: the
// networks have few such layers, on small images.
#include "kernels/conv/cpu/operands.h"
#include "tensor/parallel.h"

namespace duhdr::cpu {
namespace {

/// [C, 1, kh, kw] -> [kh kw, C], taps in reverse where `turned`.
Tensor packed_weight(const ConvProblem& p, const Tensor& weight, bool turned) {
  return *weight.derived<Tensor>(message("depthwise", turned), [&] {
    const Index area = p.kh * p.kw;
    const auto packed = std::make_shared<Tensor>(room_for(area * p.ci));
    float* to = packed->mutable_data<float>();
    const float* from = weight.data<float>();
    for (Index c = 0; c < p.ci; ++c)
      for (Index t = 0; t < area; ++t) to[(turned ? area - 1 - t : t) * p.ci + c] = from[c * area + t];
    return packed;
  });
}

void run(const DepthwiseConv& conv) {
  constexpr Index rows = 4;
  const Index all = conv.n * conv.oh;
  parallel_for(ceil_div(all, rows),
               [&](Index job) { conv_kernels().depthwise(conv, job * rows, std::min(rows, all - job * rows)); });
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor&, const Tensor& weight, const ConvEpilogue& epilogue,
             Tensor& y) {
  const Tensor packed = packed_weight(p, weight, false);
  run({source_of(x), p.h, p.w, p.n, p.oh, p.ow, p.kh, p.kw, p.stride, p.dilation, p.pad_top, p.pad_left,
       target_of(y, epilogue), packed.data<float>()});
  finish(y, epilogue);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue&, Tensor& dx) {
  const Tensor packed = packed_weight(p, weight, true);
  run({source_of(dy), p.oh, p.ow, p.n, p.h, p.w, p.kh, p.kw, 1, p.dilation, (p.kh - 1) * p.dilation - p.pad_top,
       (p.kw - 1) * p.dilation - p.pad_left, target_of(dx, {}), packed.data<float>()});
}

bool supports(const ConvProblem& p, ConvDirection direction) {
  return p.dtype == DType::f32 && p.depthwise &&
         (direction == ConvDirection::forward || (direction == ConvDirection::backward_input && p.stride == 1));
}

}  // namespace
}  // namespace duhdr::cpu

namespace duhdr {
const ConvBackend conv_depthwise{"depthwise", cpu::supports, cpu::forward, cpu::backward_input, nullptr};
}  // namespace duhdr
