// SPDX-License-Identifier: Apache-2.0
// Fused convolutions by plain ones, for the rows that know only those: a second source is a convolution of its own,
// added up; an enlarged source is four 2x2 convolutions; response features are made first.
#include "autograd/variable.h"
#include "kernels/camera/response_features.h"
#include "kernels/conv/backend.h"
#include "kernels/conv/phases.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

template <class T>
struct FoldWeight {  // [O, I, 3, 3] -> [4, O, I, 2, 2], phase = 2 py + px
  const T* weight;
  T* folded;
  std::int64_t count;  // O * I
  DUHDR_HD void operator()(std::int64_t i) const {
    const std::int64_t px = i / count % 2, py = i / count / 2, oi = i % count;
    double sum[2][2] = {};
    for (std::int64_t a = 0; a < 3; ++a)
      for (std::int64_t b = 0; b < 3; ++b)
        sum[phase_row(py, a)][phase_row(px, b)] += static_cast<double>(weight[oi * 9 + a * 3 + b]);
    for (std::int64_t k = 0; k < 4; ++k) folded[i * 4 + k] = T(static_cast<Compute<T>>(sum[k / 2][k % 2]));
  }
};

template <class T>
struct UnfoldGradient {  // [4, O, I, 2, 2] -> [O, I, 3, 3]
  const T* folded;
  T* gradient;
  std::int64_t count;
  DUHDR_HD void operator()(std::int64_t i) const {
    const std::int64_t b = i % 3, a = i / 3 % 3, oi = i / 9;
    double sum = 0;
    for (std::int64_t phase = 0; phase < 4; ++phase) {
      const std::int64_t k = phase_row(phase / 2, a) * 2 + phase_row(phase % 2, b);
      sum += static_cast<double>(folded[(phase * count + oi) * 4 + k]);
    }
    gradient[i] = T(static_cast<Compute<T>>(sum));
  }
};

/// Moves one phase [N, H, W, C] into or out of the enlarged image [N, 2H, 2W, C].
template <class T, bool scatter>
struct MovePhase {
  T* phase;
  T* image;
  std::int64_t h, w, c, py, px;
  DUHDR_HD void operator()(std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t k) const {
    T& small = phase[((n * h + y) * w + x) * c + k];
    T& large = image[((n * 2 * h + 2 * y + py) * 2 * w + 2 * x + px) * c + k];
    if constexpr (scatter)
      large = small;
    else
      small = large;
  }
};

ConvProblem phase_problem(ConvProblem p, int phase) {
  p.upsample = false;
  p.oh = p.h;
  p.ow = p.w;
  p.kh = p.kw = 2;
  p.pad_top = 1 - phase / 2;
  p.pad_left = 1 - phase % 2;
  return p;
}

Tensor folded_weight(const Tensor& weight) {
  return *weight.derived<Tensor>("phases", [&] {
    const std::int64_t count = weight.shape()[0] * weight.shape()[1];
    auto folded = std::make_shared<Tensor>(Shape{4 * count, 2, 2}, weight.dtype(), weight.device());
    with_float_type(weight.dtype(), [&](auto type) {
      using T = decltype(type);
      for_each(weight.device(), 4 * count, FoldWeight<T>{weight.data<T>(), folded->template mutable_data<T>(), count});
    });
    return folded;
  });
}

/// Weight of one phase as an [O, I, 2, 2] part of the folded weight.
Tensor phase_part(const Tensor& folded, const Tensor& weight, int phase) {
  const Shape shape{weight.shape()[0], weight.shape()[1], 2, 2};
  return folded.range(phase * shape.numel(), shape);
}

template <bool scatter>
void move_phase(Tensor& small, Tensor& image, int phase) {
  with_float_type(small.dtype(), [&](auto type) {
    using T = decltype(type);
    const Shape& s = small.shape();
    for_each_element(small.device(), s,
                     MovePhase<T, scatter>{small.mutable_data<T>(), image.mutable_data<T>(), s.h(), s.w(), s.c(),
                                           phase / 2, phase % 2});
  });
}

/// With a residual, `small` begins as its phase.
void forward_upsampled(const ConvProblem& p, const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue,
                       Tensor& y) {
  const Tensor folded = folded_weight(weight);
  Tensor small(Shape{p.n, p.h, p.w, p.co}, x.dtype(), x.device());
  Tensor residual = epilogue.residual;
  for (int phase = 0; phase < 4; ++phase) {
    if (residual.defined()) move_phase<false>(small, residual, phase);
    conv_forward(phase_problem(p, phase), x, {}, phase_part(folded, weight, phase),
                 {epilogue.bias, residual.defined() ? small : Tensor(), epilogue.activation}, small);
    move_phase<true>(small, y, phase);
  }
}

Tensor features_of(const Tensor& image) {
  const NoGrad no_grad;
  return response_features(Variable(image)).value();
}

ConvProblem of_features(ConvProblem p) {
  p.features = false;
  return p;
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor& skip, const Tensor& weight,
             const ConvEpilogue& epilogue, Tensor& y) {
  if (p.features) return conv_forward(of_features(p), features_of(x), {}, weight, epilogue, y);
  if (p.upsample) return forward_upsampled(p, x, weight, epilogue, y);
  ConvProblem of_x = p, of_skip = p;
  of_x.cs = of_skip.cs = 0;
  of_skip.ci = p.cs;
  of_skip.first = p.first + p.ci;
  conv_forward(of_skip, skip, {}, weight, {.residual = epilogue.residual}, y);
  conv_forward(of_x, x, {}, weight, {epilogue.bias, y, epilogue.activation}, y);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue&, Tensor& dx) {
  const Tensor folded = folded_weight(weight);
  Tensor small(Shape{p.n, p.h, p.w, p.co}, dy.dtype(), dy.device()), gradient = dy;
  for (int phase = 0; phase < 4; ++phase) {
    move_phase<false>(small, gradient, phase);
    Tensor part = phase == 0 ? dx : Tensor(dx.shape(), dx.dtype(), dx.device());
    conv_backward_input(phase_problem(p, phase), small, phase_part(folded, weight, phase), part);
    if (phase > 0) accumulate(dx, part);
  }
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  if (p.features) return conv_backward_weight(of_features(p), features_of(x), dy, weight_gradient);
  Tensor small(Shape{p.n, p.h, p.w, p.co}, dy.dtype(), dy.device()), gradient = dy;
  Tensor folded(Shape{4 * p.co * p.wi, 2, 2}, dy.dtype(), dy.device());
  for (int phase = 0; phase < 4; ++phase) {
    move_phase<false>(small, gradient, phase);
    Tensor part = phase_part(folded, weight_gradient, phase);
    conv_backward_weight(phase_problem(p, phase), x, small, part);
  }
  with_float_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(dy.device(), weight_gradient.numel(),
             UnfoldGradient<T>{folded.data<T>(), weight_gradient.mutable_data<T>(), p.co * p.wi});
  });
}

/// conv2d.cu asks for the gradients of a second source and of features by plain problems.
bool supports(const ConvProblem& p, ConvDirection direction) {
  return p.upsample || (p.features && direction != ConvDirection::backward_input) ||
         (p.cs > 0 && direction == ConvDirection::forward);
}

}  // namespace

const ConvBackend conv_parts{"plain convolutions", supports, forward, backward_input, backward_weight};

}  // namespace duhdr
