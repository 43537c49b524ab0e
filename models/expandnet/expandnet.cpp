// SPDX-License-Identifier: Apache-2.0
#include "models/expandnet/expandnet.h"

#include "kernels/arithmetic.h"
#include "kernels/layout.h"
#include "kernels/resample.h"

namespace duhdr {
namespace {

constexpr std::int64_t halvings = 6, last_side = ExpandNet::global_side >> halvings;

ConvOptions layer(int stride, int dilation, Activation activation = Activation::selu) {
  return {.stride = stride, .dilation = dilation, .activation = activation, .init = Init::fan_in_uniform};
}

Tensor identity_curve(std::int64_t samples) {
  Tensor curve(Shape{samples}, DType::f32);
  for (std::int64_t i = 0; i < samples; ++i)
    curve.mutable_data<float>()[i] = static_cast<float>(static_cast<double>(i) / static_cast<double>(samples - 1));
  return curve;
}

}  // namespace

ExpandNet::Kernel::Kernel(std::int64_t in, std::int64_t out, std::int64_t side)
    : weight_(parameter("weight", Shape{out, in, side, side})), bias_(parameter("bias", Shape{out})) {}

void ExpandNet::Kernel::reset(std::uint64_t seed, const std::string& full_name) {
  weight_.set_value(initial_weight(weight_.shape(), Init::fan_in_uniform, seed, full_name + ".weight"));
  bias_.set_value(
      initial_bias(weight_.shape()[0], weight_.shape(), Init::fan_in_uniform, 0, seed, full_name + ".bias"));
}

ExpandNet::ExpandNet(const ExpandNetConfig& config)
    : config_(config),
      local_{&child<Conv2d>("local_net.0.0", 3, config.local_widths[0], 3, layer(1, 1)),
             &child<Conv2d>("local_net.1.0", config.local_widths[0], config.local_widths[1], 3, layer(1, 1))},
      dilated_{
          &child<Conv2d>("mid_net.0.0", 3, config.dilated_width, 3, layer(1, 2)),
          &child<Conv2d>("mid_net.1.0", config.dilated_width, config.dilated_width, 3, layer(1, 2)),
          &child<Conv2d>("mid_net.2.0", config.dilated_width, config.dilated_width, 3, layer(1, 2)),
          &child<Conv2d>("mid_net.3", config.dilated_width, config.dilated_width, 3, layer(1, 2, Activation::none))},
      to_vector_(child<Kernel>("glob_net.6", config.global_width, config.global_width, last_side)),
      fusion_(child<Kernel>("end_net.0.0", config.local_widths[1] + config.dilated_width + config.global_width,
                            config.fused_width, 1)),
      head_(child<Conv2d>("head", config.fused_width, 3, 1,
                          ConvOptions{.activation = Activation::sigmoid, .init = Init::fan_in_uniform})),
      curve_(buffer("curve.mean", identity_curve(config.curve_samples))) {
  for (std::int64_t k = 0; k < halvings; ++k)
    global_.push_back(&child<Conv2d>("glob_net." + std::to_string(k) + ".0", k == 0 ? 3 : config.global_width,
                                     config.global_width, 3, layer(2, 1)));
}

void ExpandNet::set_curve(const Tensor& mean_inverse_response) { curve_.set_value(mean_inverse_response); }

Variable ExpandNet::global(const Variable& image) const {
  Variable x = cast(resize_bilinear(image, global_side, global_side), working_type(image));
  for (const Conv2d* convolution : global_) x = (*convolution)(x);
  return to_vector(cast(x, image.dtype()));
}

/// A convolution without padding of a map of its own size, [N, 4, 4, in] -> [N, out].
Variable ExpandNet::to_vector(const Variable& map) const {
  const Variable& weight = to_vector_.weight();
  const std::int64_t out = weight.shape()[0], inputs = weight.value().numel() / out;
  const Variable row = pixel_unshuffle(map, last_side);  // channel-major, as the weight
  return linear(row, reshape(weight, Shape{out, inputs}), to_vector_.bias());
}

/// The 1x1 convolution over the concatenation of the three branches. The global one is the same in every pixel: its
/// part of the sum is taken once an image.
Variable ExpandNet::fused(const Variable& local, const Variable& dilated, const Variable& global) const {
  const std::int64_t out = config_.fused_width, constant = config_.global_width;
  const std::int64_t varying = config_.local_widths[1] + config_.dilated_width;
  const Variable rows = reshape(fusion_.weight(), Shape{1, 1, out, varying + constant});
  const Variable by_pixel = reshape(slice_channels(rows, 0, varying), Shape{out, varying, 1, 1});
  const Variable by_image = reshape(slice_channels(rows, varying, constant), Shape{out, constant});
  const Variable shift = reshape(linear(global, by_image, fusion_.bias()), Shape{global.shape()[0], 1, 1, out});
  const DType type = local.dtype();
  return selu(add(conv2d({.x = local, .skip = dilated, .weight = cast(by_pixel, type)}), cast(shift, type)));
}

Variable ExpandNet::local(const Variable& image, const Variable& global) const {
  const Variable x = cast(image, working_type(image));
  Variable near = x, far = x;
  for (const Conv2d* convolution : local_) near = (*convolution)(near);
  for (const Conv2d* convolution : dilated_) far = (*convolution)(far);
  return head_(cast(fused(near, far, global), image.dtype()));
}

}  // namespace duhdr
