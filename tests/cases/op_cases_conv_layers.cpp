// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/op_cases_conv_layers.h"

#include <cmath>

namespace duhdr::test {

Shape ConvLayer::result() const {
  const auto side = [&](std::int64_t in) {
    return desc.upsample || desc.transposed ? 2 * in : (in - 1) / desc.stride + 1;
  };
  return Shape{x.n(), side(x.h()), side(x.w()), outputs};
}

std::vector<Shape> ConvLayer::shapes() const {
  const Shape weight = desc.transposed ? Shape{weight_inputs(), outputs, kernel, kernel}
                                       : Shape{outputs, weight_inputs(), kernel, kernel};
  std::vector<Shape> all{x, weight};
  if (bias) all.push_back(Shape{outputs});
  if (skip > 0) all.push_back(x.with(3, skip));
  if (residual) all.push_back(result());
  return all;
}

Conv2dInputs ConvLayer::operands(const std::vector<Variable>& inputs) const {
  std::size_t next = 2;
  Conv2dInputs in{.x = inputs[0], .weight = inputs[1]};
  if (bias) in.bias = inputs[next++];
  if (skip > 0) in.skip = inputs[next++];
  if (residual) in.residual = inputs[next++];
  return in;
}

OpCase case_of(const ConvLayer& layer) {
  OpCase out{.op = "conv2d", .variant = layer.name, .inputs = {}, .run = [layer](const std::vector<Variable>& inputs) {
               return conv2d(layer.operands(inputs), layer.desc);
             }};
  for (const Shape& shape : layer.shapes()) out.inputs.push_back({shape});
  // One rounding to bf16 is 1.3e-6 in the mean square; a second source, a residual, the four phases of an upsampled one
  // and the slope taken from a rounded result each add one or a few. 3.7e-5 was measured (1 - y^2 after a tanh).
  out.bf16_limit = 1e-4;
  const auto fan_in = static_cast<double>(layer.weight_inputs() * layer.taps());
  out.inputs[1].hi = std::sqrt(6 / fan_in);  // results of about 1
  out.inputs[1].lo = -out.inputs[1].hi;
  out.inputs[1].weight = true;
  if (layer.desc.features) {  // clipped and not
    out.inputs[0].lo = -0.1;
    out.inputs[0].hi = 1.1;
  }
  return out;
}

namespace {

constexpr Activation none = Activation::none, relu = Activation::relu, leaky = Activation::leaky_relu;

/// An image on which the reference loops of a layer take no more than a second or so.
Shape image(std::int64_t in, std::int64_t out) {
  return in * out > 128 * 128 ? Shape{1, 6, 8, in} : in * out > 64 * 64 ? Shape{1, 12, 14, in} : Shape{1, 22, 26, in};
}

/// Dnet and OOnet with convolutional DownBlocks: two convolutions a resolution, leaky ReLU.
std::vector<ConvLayer> unet_layers() {
  std::vector<ConvLayer> layers;
  const auto conv = [&](std::int64_t in, std::int64_t out, std::int64_t kernel) {
    layers.push_back({.name = message("unet_", in, "_", out, "_k", kernel),
                      .x = image(in, out),
                      .outputs = out,
                      .kernel = kernel,
                      .desc = {.activation = leaky}});
  };
  conv(3, 16, 7), conv(9, 16, 7), conv(16, 16, 7), conv(16, 32, 5), conv(32, 32, 5), conv(32, 64, 3), conv(64, 64, 3),
      conv(64, 128, 3), conv(128, 128, 3), conv(128, 256, 3), conv(256, 128, 3), conv(128, 64, 3), conv(64, 32, 3),
      conv(32, 16, 3);
  for (const std::int64_t c : {16, 32, 64, 128})
    layers.push_back({.name = message("unet_concat_", c),
                      .x = image(2 * c, c),
                      .outputs = c,
                      .desc = {.activation = leaky},
                      .skip = c});
  layers.push_back({.name = "dnet_head", .x = {1, 22, 26, 16}, .outputs = 3, .desc = {.activation = Activation::tanh}});
  layers.push_back({.name = "oonet_head_residual",
                    .x = {1, 22, 26, 16},
                    .outputs = 3,
                    .desc = {.activation = relu},
                    .residual = true});
  return layers;
}

/// Both trunks of the response nets.
std::vector<ConvLayer> response_layers() {
  std::vector<ConvLayer> layers;
  const auto conv = [&](std::int64_t in, std::int64_t out, std::int64_t kernel, int stride, bool residual = false) {
    layers.push_back({.name = message("trunk_", in, "_", out, "_k", kernel, "_s", stride, residual ? "_residual" : ""),
                      .x = image(in, out),
                      .outputs = out,
                      .kernel = kernel,
                      .desc = {.stride = stride, .activation = kernel == 1 && !residual ? none : relu},
                      .residual = residual});
  };
  layers.push_back({.name = "trunk_stem",
                    .x = image(3, 64),
                    .outputs = 64,
                    .kernel = 7,
                    .desc = {.stride = 2, .features = true, .activation = relu}});
  conv(64, 64, 3, 1), conv(64, 64, 3, 1, true), conv(64, 128, 3, 2), conv(64, 128, 1, 2), conv(128, 128, 3, 1, true),
      conv(128, 256, 3, 2), conv(256, 256, 3, 1, true), conv(256, 512, 3, 2), conv(256, 512, 1, 2),
      conv(512, 512, 3, 1, true);
  conv(64, 64, 1, 1), conv(64, 256, 1, 1, true), conv(256, 128, 1, 2), conv(128, 512, 1, 1, true);
  return layers;
}

/// ITnet: VGG encoder, nearest-2x up-blocks, 1x1 fuse layers over two sources.
std::vector<ConvLayer> itnet_layers() {
  std::vector<ConvLayer> layers;
  for (const auto& [in, out] : {std::pair{3, 64}, {64, 64}, {128, 256}, {256, 512}, {512, 512}})
    layers.push_back(
        {.name = message("vgg_", in, "_", out), .x = image(in, out), .outputs = out, .desc = {.activation = relu}});
  for (const auto& [in, out] : {std::pair{512, 512}, {512, 256}, {256, 128}, {128, 64}})
    layers.push_back({.name = message("itnet_up_", in, "_", out),
                      .x = image(in, 2 * out),
                      .outputs = out,
                      .desc = {.upsample = true, .activation = relu}});
  for (const std::int64_t c : {3, 64, 512})
    layers.push_back({.name = message("itnet_fuse_", c), .x = image(2 * c, c), .outputs = c, .kernel = 1, .skip = c});
  layers.push_back({.name = "itnet_out", .x = image(64, 3), .outputs = 3, .kernel = 1, .desc = {.activation = relu}});
  return layers;
}

/// HDRCNN: what it does not share with ITnet.
std::vector<ConvLayer> hdrcnn_layers() {
  std::vector<ConvLayer> layers;
  for (const auto& [in, out] : {std::pair{512, 512}, {512, 256}, {256, 128}, {128, 64}})
    layers.push_back({.name = message("hdrcnn_up_", in, "_", out),
                      .x = image(in, 2 * out),
                      .outputs = out,
                      .kernel = 4,
                      .desc = {.transposed = true, .activation = relu}});
  return layers;
}

/// RFB (its narrowest block, 16 -> 32) and MS-SE.
std::vector<ConvLayer> block_layers() {
  const Shape rfb{1, 22, 26, 1};
  const auto of = [&](std::int64_t channels) { return rfb.with(3, channels); };
  std::vector<ConvLayer> layers{
      {.name = "rfb_entry", .x = of(16), .outputs = 2, .kernel = 1, .desc = {.activation = relu}},
      {.name = "rfb_2_4", .x = of(2), .outputs = 4, .desc = {.activation = relu}},
      {.name = "rfb_2_3", .x = of(2), .outputs = 3, .desc = {.activation = relu}},
      {.name = "rfb_4_4", .x = of(4), .outputs = 4, .bias = false},
      {.name = "rfb_dilation2", .x = of(4), .outputs = 4, .desc = {.dilation = 2}, .bias = false},
      {.name = "rfb_dilation3", .x = of(4), .outputs = 4, .desc = {.dilation = 3}, .bias = false},
      {.name = "rfb_wide_dilation3", .x = of(32), .outputs = 32, .desc = {.dilation = 3}},
      {.name = "rfb_fuse", .x = of(12), .outputs = 32, .kernel = 1, .desc = {.activation = relu}, .residual = true},
      {.name = "ms_se_entry", .x = {1, 8, 10, 128}, .outputs = 128, .kernel = 5, .desc = {.activation = relu}},
      {.name = "ms_se_reduce",
       .x = {1, 8, 10, 128},
       .outputs = 256,
       .kernel = 5,
       .desc = {.stride = 2, .activation = relu}},
      {.name = "ms_se_mix", .x = {1, 8, 10, 256}, .outputs = 256, .kernel = 1, .desc = {.activation = relu}},
      {.name = "ms_se_out",
       .x = {1, 8, 10, 128},
       .outputs = 128,
       .kernel = 1,
       .desc = {.activation = relu},
       .skip = 64},
  };
  for (const std::int64_t kernel : {3, 5, 7})
    layers.push_back({.name = message("ms_se_depthwise_k", kernel),
                      .x = {1, 8, 10, 256},
                      .outputs = 256,
                      .kernel = kernel,
                      .desc = {.depthwise = true, .activation = relu}});
  return layers;
}

}  // namespace

std::vector<ConvLayer> network_layers() {
  std::vector<ConvLayer> all;
  for (const auto part : {unet_layers, response_layers, itnet_layers, hdrcnn_layers, block_layers})
    for (ConvLayer& layer : part()) all.push_back(std::move(layer));
  return all;
}

}  // namespace duhdr::test
