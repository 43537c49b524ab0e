// SPDX-License-Identifier: Apache-2.0
// The fused convolution op, broken down to plain convolutions (conv_backend.h). Its backward lives here too.
#include "kernels/conv/conv2d.h"

#include <array>

#include "kernels/conv/backend.h"
#include "kernels/execution.h"
#include "kernels/op_counter.h"
#include "kernels/reach.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

// ---------------------------------------------------------------------------------------------------------------
// Nearest-2x source. Output row 2r + p of a 3x3 convolution over the enlarged image reads only two small rows: for
// p = 0 rows r-1 (tap 0) and r (taps 1 and 2), for p = 1 rows r (taps 0 and 1) and r+1 (tap 2). So the op is four
// 2x2 convolutions over the small image, 16 of 36 multiplications; zero padding included, exactly.
// ---------------------------------------------------------------------------------------------------------------

/// Which of the two small rows tap t of phase p falls on.
DUHDR_HD std::int64_t phase_row(std::int64_t phase, std::int64_t tap) { return phase == 0 ? (tap > 0) : (tap > 1); }

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

template <class T, Activation activation>
struct ScaleBySlope {  // dz = dy * activation'(z), from the output y
  const T* y;
  const T* dy;
  T* dz;
  DUHDR_HD void operator()(std::int64_t i) const {
    dz[i] = T(static_cast<Compute<T>>(dy[i]) * activation_slope(activation, static_cast<Compute<T>>(y[i])));
  }
};

template <class T>
struct Column {
  const T* values;
  std::int64_t channels;
  DUHDR_HD Terms<1> operator()(std::int64_t, std::int64_t row, std::int64_t c) const {
    return {{static_cast<double>(values[row * channels + c])}};
  }
};

// ---------------------------------------------------------------------------------------------------------------

/// The plain convolution of one source: `first` is its first channel in the weight.
ConvProblem problem_of(const Tensor& x, const Tensor& weight, std::int64_t first, const Conv2dDesc& desc) {
  ConvProblem p;
  p.dtype = x.dtype();
  p.n = x.shape().n();
  p.h = x.shape().h();
  p.w = x.shape().w();
  p.ci = x.shape().c();
  p.co = weight.shape()[0];
  p.wi = weight.shape()[1];
  p.first = first;
  p.kh = weight.shape()[2];
  p.kw = weight.shape()[3];
  p.stride = desc.stride;
  p.dilation = desc.dilation;
  p.pad_top = p.kh / 2 * desc.dilation;
  p.pad_left = p.kw / 2 * desc.dilation;
  p.oh = (p.h - 1) / desc.stride + 1;
  p.ow = (p.w - 1) / desc.stride + 1;
  p.depthwise = desc.depthwise;
  p.size_independent = ExecutionScope::current().size_independent;
  return p;
}

ConvProblem phase_problem(const Tensor& x, const Tensor& weight, int phase) {
  ConvProblem p = problem_of(x, weight, 0, {});
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

void forward_upsampled(const Tensor& x, const Tensor& weight, const ConvEpilogue& epilogue, Tensor& y) {
  const Tensor folded = folded_weight(weight);
  Tensor small(Shape{x.shape().n(), x.shape().h(), x.shape().w(), weight.shape()[0]}, x.dtype(), x.device());
  for (int phase = 0; phase < 4; ++phase) {
    if (epilogue.accumulate) move_phase<false>(small, y, phase);
    conv_forward(phase_problem(x, weight, phase), x, phase_part(folded, weight, phase), epilogue, small);
    move_phase<true>(small, y, phase);
  }
}

void backward_upsampled(const Tensor& x, const Tensor& weight, Tensor dz, Tensor* dx, Tensor* dw) {
  const Tensor folded = folded_weight(weight);
  Tensor small(Shape{x.shape().n(), x.shape().h(), x.shape().w(), weight.shape()[0]}, x.dtype(), x.device());
  Tensor folded_gradient(folded.shape(), weight.dtype(), weight.device());
  for (int phase = 0; phase < 4; ++phase) {
    const ConvProblem p = phase_problem(x, weight, phase);
    move_phase<false>(small, dz, phase);
    if (dx) {
      Tensor part(x.shape(), x.dtype(), x.device());
      conv_backward_input(p, small, phase_part(folded, weight, phase), part);
      if (phase == 0)
        *dx = part;
      else
        accumulate(*dx, part);
    }
    if (dw) {
      Tensor part = phase_part(folded_gradient, weight, phase);
      conv_backward_weight(p, x, small, part);
    }
  }
  if (!dw) return;
  with_float_type(weight.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(
        weight.device(), weight.numel(),
        UnfoldGradient<T>{folded_gradient.data<T>(), dw->mutable_data<T>(), weight.shape()[0] * weight.shape()[1]});
  });
}

Tensor gradient_before_activation(const Tensor& y, const Tensor& dy, Activation activation) {
  if (activation == Activation::none) return dy;
  Tensor dz(dy.shape(), dy.dtype(), dy.device());
  with_float_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    with_activation(activation, [&](auto constant) {
      for_each(dy.device(), dy.numel(),
               ScaleBySlope<T, decltype(constant)::value>{y.template data<T>(), dy.template data<T>(),
                                                          dz.template mutable_data<T>()});
    });
  });
  return dz;
}

Tensor bias_gradient(const Tensor& dz, const Tensor& bias) {
  const std::int64_t channels = dz.shape().c();
  return with_float_type(dz.dtype(), [&](auto type) {
    using T = decltype(type);
    const Tensor sums =
        reduce_rows<1>(dz.device(), 1, dz.numel() / channels, channels, Column<T>{dz.data<T>(), channels});
    return sums.reshape(bias.shape()).to(bias.dtype());
  });
}

void check(const Conv2dInputs& in, const Conv2dDesc& desc) {
  const Shape &x = in.x.shape(), &w = in.weight.shape();
  DUHDR_CHECK(x.rank() == 4 && w.rank() == 4, "conv2d of ", x, " with weight ", w);
  const std::int64_t channels = x.c() + (in.skip.defined() ? in.skip.shape().c() : 0);
  DUHDR_CHECK(x.numel() > 0 && w.numel() > 0, "conv2d of nothing: ", x, " with weight ", w);
  DUHDR_CHECK(desc.depthwise ? w[0] == channels && w[1] == 1 : w[1] == channels, "conv2d of ", channels,
              " channels with weight ", w);
  DUHDR_CHECK(w[2] % 2 == 1 && w[3] % 2 == 1 && desc.stride >= 1 && desc.dilation >= 1, "conv2d with weight ", w);
  const DType type = in.x.dtype();
  DUHDR_CHECK(type == DType::f64 || type == DType::f32 || type == DType::bf16, "no convolutions in ", name_of(type));
  if (in.residual.defined())
    DUHDR_CHECK(in.residual.dtype() == type, "residual in ", name_of(in.residual.dtype()), " for x in ", name_of(type));
  DUHDR_CHECK(in.x.dtype() == in.weight.dtype(), "conv2d of ", name_of(in.x.dtype()), " with a ",
              name_of(in.weight.dtype()), " weight");
  if (in.skip.defined())
    DUHDR_CHECK(!desc.depthwise && !desc.upsample && in.skip.shape() == x.with(3, in.skip.shape().c()) &&
                    in.skip.dtype() == in.x.dtype(),
                "conv2d of ", x, " and second source ", in.skip.shape());
  if (in.bias.defined()) DUHDR_CHECK(in.bias.shape() == Shape{w[0]}, "bias ", in.bias.shape(), " for weight ", w);
  if (desc.upsample)
    DUHDR_CHECK(w[2] == 3 && w[3] == 3 && desc.stride == 1 && desc.dilation == 1 && !desc.depthwise,
                "an upsampled source needs a plain 3x3 convolution, not weight ", w);
}

Window window_of(const ConvProblem& p, const Conv2dDesc& desc) {
  const std::int64_t before = std::max(p.pad_top, p.pad_left), span = (std::max(p.kh, p.kw) - 1) * p.dilation;
  return {.stride = p.stride, .before = before, .after = span - before, .enlarge = desc.upsample ? 2 : 1};
}

/// 2 MAC of the convolution as it is written (an upsampled source counts as the large image it stands for).
double flop_of(const Conv2dInputs& in, const Conv2dDesc& desc) {
  const Shape &x = in.x.shape(), &w = in.weight.shape();
  const std::int64_t height = (x.h() - 1) / desc.stride + 1, width = (x.w() - 1) / desc.stride + 1;
  const auto pixels = static_cast<double>(x.n() * height * width);
  return 2 * pixels * (desc.upsample ? 4 : 1) * static_cast<double>(w.numel());
}

}  // namespace

Variable conv2d(const Conv2dInputs& in, const Conv2dDesc& desc) {
  check(in, desc);
  count_flop(flop_of(in, desc));
  const Tensor x = in.x.value(), weight = in.weight.value();
  const Tensor skip = in.skip.defined() ? in.skip.value() : Tensor();
  const Tensor bias = in.bias.defined() ? in.bias.value() : Tensor();
  const ConvProblem p = problem_of(x, weight, 0, desc);
  const std::int64_t scale = desc.upsample ? 2 : 1;
  Tensor y(Shape{p.n, p.oh * scale, p.ow * scale, p.co}, x.dtype(), x.device());

  ConvEpilogue epilogue;
  epilogue.accumulate = in.residual.defined();
  if (in.residual.defined()) {
    DUHDR_CHECK(in.residual.shape() == y.shape(), "residual ", in.residual.shape(), " for a result ", y.shape());
    copy(y, in.residual.value());
  }
  if (skip.defined()) {
    conv_forward(problem_of(skip, weight, x.shape().c(), desc), skip, weight, epilogue, y);
    epilogue.accumulate = true;
  }
  if (bias.defined()) epilogue.bias = bias.to(x.dtype() == DType::f64 ? DType::f64 : DType::f32);
  epilogue.activation = desc.activation;
  if (desc.upsample)
    forward_upsampled(x, weight, epilogue, y);
  else
    conv_forward(p, x, weight, epilogue, y);

  const Tensor kept = desc.activation == Activation::none ? Tensor() : y;  // all that the slope needs
  reads(window_of(p, desc));
  return Variable::of_op(y, {in.x, in.skip, in.weight, in.bias, in.residual},
                         [x, skip, weight, bias, kept, desc](const Tensor& dy, const std::vector<bool>& wants) {
                           std::vector<Tensor> gradients(5);
                           const Tensor dz = gradient_before_activation(kept, dy, desc.activation);
                           if (wants[0]) gradients[0] = Tensor(x.shape(), x.dtype(), x.device());
                           if (wants[1]) gradients[1] = Tensor(skip.shape(), skip.dtype(), skip.device());
                           if (wants[2]) gradients[2] = Tensor(weight.shape(), weight.dtype(), weight.device());
                           if (desc.upsample) {
                             backward_upsampled(x, weight, dz, wants[0] ? &gradients[0] : nullptr,
                                                wants[2] ? &gradients[2] : nullptr);
                           } else {
                             const ConvProblem of_x = problem_of(x, weight, 0, desc);
                             if (wants[0]) conv_backward_input(of_x, dz, weight, gradients[0]);
                             if (wants[2]) conv_backward_weight(of_x, x, dz, gradients[2]);
                             if (skip.defined()) {
                               const ConvProblem of_skip = problem_of(skip, weight, x.shape().c(), desc);
                               if (wants[1]) conv_backward_input(of_skip, dz, weight, gradients[1]);
                               if (wants[2]) conv_backward_weight(of_skip, skip, dz, gradients[2]);
                             }
                           }
                           if (wants[3]) gradients[3] = bias_gradient(dz, bias);
                           if (wants[4]) gradients[4] = dz;
                           return gradients;
                         });
}

}  // namespace duhdr
