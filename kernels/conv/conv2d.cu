// SPDX-License-Identifier: Apache-2.0
// The fused convolution op and its backward, by the rows of backend.h.
#include "kernels/conv/conv2d.h"

#include "kernels/camera/response_features.h"
#include "kernels/conv/backend.h"
#include "kernels/op_counter.h"
#include "kernels/reach.h"
#include "tensor/launch.cuh"

namespace duhdr {
namespace {

/// dz = dy * activation'(z), from the output y; its sum over pixels is the gradient of the bias.
template <class T, Activation activation>
struct ScaleBySlope {
  const T* y;
  const T* dy;
  T* dz;
  std::int64_t channels;
  DUHDR_HD T operator()(std::int64_t i) const {
    using A = Compute<T>;
    if constexpr (activation == Activation::none) return dy[i];
    return dz[i] = T(static_cast<A>(dy[i]) * activation_slope(activation, static_cast<A>(y[i])));
  }
  DUHDR_HD Terms<1> operator()(std::int64_t, std::int64_t row, std::int64_t c) const {
    return {{static_cast<double>((*this)(row * channels + c))}};
  }
};

// ---------------------------------------------------------------------------------------------------------------

/// The convolution of one source: `first` is its first channel in the weight.
ConvProblem problem_of(const Tensor& x, const Tensor& weight, std::int64_t first, const Conv2dDesc& desc) {
  ConvProblem p;
  p.dtype = x.dtype();
  p.n = x.shape().n();
  p.h = x.shape().h();
  p.w = x.shape().w();
  p.ci = desc.features ? response_feature_channels : x.shape().c();
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
  p.upsample = desc.upsample;
  p.features = desc.features;
  if (desc.upsample) {
    p.oh = 2 * p.h;
    p.ow = 2 * p.w;
  }
  return p;
}

/// Of a transposed one: the convolution that has y's size and x's result.
ConvProblem transposed_problem(const Tensor& x, const Tensor& weight) {
  ConvProblem p;
  p.dtype = x.dtype();
  p.n = x.shape().n();
  p.oh = x.shape().h();
  p.ow = x.shape().w();
  p.co = x.shape().c();
  p.h = 2 * p.oh;
  p.w = 2 * p.ow;
  p.ci = p.wi = weight.shape()[1];
  p.kh = p.kw = 4;
  p.stride = 2;
  p.pad_top = p.pad_left = 1;
  return p;
}

/// The gradient before the activation, and of the bias where one is given.
struct LinearGradients {
  Tensor dz, bias;
};

LinearGradients linear_gradients(const Tensor& y, const Tensor& dy, const Tensor& bias, Activation activation) {
  const std::int64_t channels = dy.shape().c();
  LinearGradients out;
  const bool linear = activation == Activation::none;
  out.dz = linear ? dy : Tensor(dy.shape(), dy.dtype(), dy.device());
  with_float_type(dy.dtype(), [&](auto type) {
    using T = decltype(type);
    with_activation(activation, [&](auto constant) {
      const ScaleBySlope<T, decltype(constant)::value> scale{
          linear ? nullptr : y.template data<T>(), dy.template data<T>(),
          linear ? nullptr : out.dz.template mutable_data<T>(), channels};
      if (bias.defined()) {
        const Tensor sums = reduce_rows<1>(dy.device(), 1, dy.numel() / channels, channels, scale);
        out.bias = sums.reshape(bias.shape()).to(bias.dtype());
      } else if (!linear) {
        for_each(dy.device(), dy.numel(), scale);
      }
    });
  });
  return out;
}

void check(const Conv2dInputs& in, const Conv2dDesc& desc) {
  const Shape &x = in.x.shape(), &w = in.weight.shape();
  DUHDR_CHECK(x.rank() == 4 && w.rank() == 4, "conv2d of ", x, " with weight ", w);
  const std::int64_t own = desc.features ? response_feature_channels : x.c();
  const std::int64_t channels = own + (in.skip.defined() ? in.skip.shape().c() : 0);
  DUHDR_CHECK(x.numel() > 0 && w.numel() > 0, "conv2d of nothing: ", x, " with weight ", w);
  DUHDR_CHECK(desc.depthwise    ? w[0] == channels && w[1] == 1
              : desc.transposed ? w[0] == channels
                                : w[1] == channels,
              "conv2d of ", channels, " channels with weight ", w);
  DUHDR_CHECK(desc.transposed || (w[2] % 2 == 1 && w[3] % 2 == 1 && desc.stride >= 1 && desc.dilation >= 1),
              "conv2d with weight ", w);
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
  if (in.bias.defined())
    DUHDR_CHECK(in.bias.shape() == Shape{desc.transposed ? w[1] : w[0]}, "bias ", in.bias.shape(), " for weight ", w);
  if (desc.features)
    DUHDR_CHECK(x.c() == 3 && desc.dilation == 1 && !desc.depthwise && !desc.upsample && !in.skip.defined(),
                "response features of ", x, " in a convolution of another kind");
  if (desc.upsample)
    DUHDR_CHECK(w[2] == 3 && w[3] == 3 && desc.stride == 1 && desc.dilation == 1 && !desc.depthwise,
                "an upsampled source needs a plain 3x3 convolution, not weight ", w);
  if (desc.transposed)
    DUHDR_CHECK(w[2] == 4 && w[3] == 4 && desc.stride == 1 && desc.dilation == 1 && !desc.depthwise && !desc.features &&
                    !desc.upsample && !in.skip.defined() && !in.residual.defined(),
                "a transposed convolution has a plain 4x4 kernel and one source, not weight ", w);
}

void input_gradient(ConvProblem p, const Tensor& x, const Tensor& dz, const Tensor& weight, Tensor& dx) {
  if (!p.features) return conv_backward_input(p, dz, weight, dx);
  p.features = false;
  Tensor of_features(x.shape().with(3, p.ci), x.dtype(), x.device());
  conv_backward_input(p, dz, weight, of_features);
  dx = response_features_adjoint(x, of_features);
}

/// Into the gradients that are defined.
void transposed_gradients(const Tensor& x, const Tensor& dz, const Tensor& weight, Tensor& dx, Tensor& dw) {
  const ConvProblem p = transposed_problem(x, weight);
  if (dx.defined()) conv_forward(p, dz, {}, weight, {}, dx);
  if (dw.defined()) conv_backward_weight(p, dz, x, dw);
}

/// The same, with the second source.
void source_gradients(const Tensor& x, const Tensor& skip, const Tensor& dz, const Tensor& weight,
                      const Conv2dDesc& desc, Tensor& dx, Tensor& dskip, Tensor& dw) {
  const ConvProblem of_x = problem_of(x, weight, 0, desc);
  if (dx.defined()) input_gradient(of_x, x, dz, weight, dx);
  if (dw.defined()) conv_backward_weight(of_x, x, dz, dw);
  if (!skip.defined()) return;
  const ConvProblem of_skip = problem_of(skip, weight, x.shape().c(), desc);
  if (dskip.defined()) conv_backward_input(of_skip, dz, weight, dskip);
  if (dw.defined()) conv_backward_weight(of_skip, skip, dz, dw);
}

Window window_of(const ConvProblem& p, const Conv2dDesc& desc) {
  if (desc.transposed) return {.before = 1, .after = 1, .enlarge = 2, .block = conv_block(p, true)};
  const std::int64_t before = std::max(p.pad_top, p.pad_left), span = (std::max(p.kh, p.kw) - 1) * p.dilation;
  const std::int64_t around = desc.features ? 1 : 0;  // Sobel
  return {.stride = p.stride,
          .before = before + around,
          .after = span - before + around,
          .enlarge = desc.upsample ? 2 : 1,
          .block = conv_block(p, false)};
}

/// 2 MAC of the convolution as it is written (an upsampled source counts as the large image it stands for, a transposed
/// one as what is not multiplied by zero).
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
  count_conv2d(in, desc);
  const Tensor x = in.x.value(), weight = in.weight.value();
  const Tensor skip = in.skip.defined() ? in.skip.value() : Tensor();
  const Tensor bias = in.bias.defined() ? in.bias.value() : Tensor();
  ConvProblem p = desc.transposed ? transposed_problem(x, weight) : problem_of(x, weight, 0, desc);
  if (skip.defined()) p.cs = skip.shape().c();
  count_executed_flop(conv_executed_flop(p, desc.transposed));
  Tensor y(desc.transposed ? Shape{p.n, p.h, p.w, p.ci} : Shape{p.n, p.oh, p.ow, p.co}, x.dtype(), x.device());
  ConvEpilogue epilogue;
  epilogue.activation = desc.activation;
  if (bias.defined()) epilogue.bias = bias.to(x.dtype() == DType::f64 ? DType::f64 : DType::f32);
  if (in.residual.defined()) {
    epilogue.residual = in.residual.value();
    DUHDR_CHECK(epilogue.residual.shape() == y.shape(), "residual ", epilogue.residual.shape(), " for a result ",
                y.shape());
  }
  if (desc.transposed)
    conv_transposed(p, x, weight, epilogue, y);
  else
    conv_forward(p, x, skip, weight, epilogue, y);

  const Tensor kept = desc.activation == Activation::none ? Tensor() : y;  // all that the slope needs
  reads(window_of(p, desc));
  return Variable::of_op(y, {in.x, in.skip, in.weight, in.bias, in.residual},
                         [x, skip, weight, bias, kept, desc](const Tensor& dy, const std::vector<bool>& wants) {
                           std::vector<Tensor> gradients(5);
                           const auto [dz, of_bias] =
                               linear_gradients(kept, dy, wants[3] ? bias : Tensor(), desc.activation);
                           if (wants[0]) gradients[0] = Tensor(x.shape(), x.dtype(), x.device());
                           if (wants[1]) gradients[1] = Tensor(skip.shape(), skip.dtype(), skip.device());
                           if (wants[2]) gradients[2] = Tensor(weight.shape(), weight.dtype(), weight.device());
                           if (desc.transposed)
                             transposed_gradients(x, dz, weight, gradients[0], gradients[2]);
                           else
                             source_gradients(x, skip, dz, weight, desc, gradients[0], gradients[1], gradients[2]);
                           gradients[3] = of_bias;
                           if (wants[4]) gradients[4] = dz;
                           return gradients;
                         });
}

}  // namespace duhdr
