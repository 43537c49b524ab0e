// SPDX-License-Identifier: Apache-2.0
// conv2d: every option, and every combination of them that a network uses, at sizes small enough for a gradient check
// of each element. The benchmark shapes are layers of the networks at 512 x 512.
#include <optional>

#include "tests/cases/op_cases_conv_layers.h"

namespace duhdr::test {
namespace {

struct Row {
  ConvLayer layer;
  std::optional<ConvLayer> bench = {};  // differs in size only
};

ConvLayer named(const char* name, ConvLayer layer) {
  layer.name = name;
  return layer;
}

Row row(const char* name, const ConvLayer& layer) { return {named(name, layer)}; }
Row row(const char* name, const ConvLayer& layer, const ConvLayer& bench) { return {named(name, layer), bench}; }

constexpr Activation relu = Activation::relu, leaky = Activation::leaky_relu, tanh = Activation::tanh,
                     sigmoid = Activation::sigmoid;

std::vector<Row> plain_rows() {
  return {
      row("k1", {.x = {1, 4, 5, 3}, .outputs = 4, .kernel = 1}, {.x = {1, 512, 512, 128}, .outputs = 64, .kernel = 1}),
      row("k3", {.x = {1, 4, 5, 3}, .outputs = 2}, {.x = {1, 512, 512, 64}, .outputs = 64}),
      row("k5", {.x = {1, 6, 5, 3}, .outputs = 2, .kernel = 5}, {.x = {1, 256, 256, 32}, .outputs = 32, .kernel = 5}),
      row("k7", {.x = {1, 5, 7, 2}, .outputs = 2, .kernel = 7}, {.x = {1, 512, 512, 16}, .outputs = 16, .kernel = 7}),
      row("k1_no_bias", {.x = {2, 3, 3, 5}, .outputs = 3, .kernel = 1, .bias = false}),
      row("k3_no_bias_two_images", {.x = {2, 5, 3, 2}, .outputs = 3, .bias = false}),
      row("k7_larger_than_the_image", {.x = {1, 2, 3, 1}, .outputs = 1, .kernel = 7}),
      row("k3_one_pixel", {.x = {1, 1, 1, 3}, .outputs = 5}),
      row("k1_one_pixel_two_images", {.x = {2, 1, 1, 5}, .outputs = 2, .kernel = 1}),
      row("k5_one_row", {.x = {1, 1, 6, 2}, .outputs = 2, .kernel = 5}),
      row("channels_1_to_16", {.x = {1, 3, 4, 1}, .outputs = 16}),
      row("channels_1_to_17", {.x = {1, 3, 3, 1}, .outputs = 17}),
      row("channels_16_to_1", {.x = {1, 3, 4, 16}, .outputs = 1}),
      row("channels_17_to_1", {.x = {1, 3, 3, 17}, .outputs = 1}),
      row("channels_16_to_5_k1", {.x = {1, 3, 4, 16}, .outputs = 5, .kernel = 1}),
      row("channels_5_to_2", {.x = {1, 4, 4, 5}, .outputs = 2}),
  };
}

std::vector<Row> stride_and_dilation_rows() {
  return {
      row("k3_stride2", {.x = {1, 6, 8, 2}, .outputs = 3, .desc = {.stride = 2}, .bias = false},
          {.x = {1, 128, 128, 64}, .outputs = 128, .desc = {.stride = 2}, .bias = false}),
      row("k3_stride2_odd", {.x = {1, 5, 7, 2}, .outputs = 2, .desc = {.stride = 2}}),
      row("k1_stride2", {.x = {1, 6, 5, 3}, .outputs = 4, .kernel = 1, .desc = {.stride = 2}, .bias = false}),
      row("k5_stride2_relu", {.x = {1, 6, 6, 2}, .outputs = 2, .kernel = 5, .desc = {.stride = 2, .activation = relu}},
          {.x = {1, 32, 32, 128}, .outputs = 256, .kernel = 5, .desc = {.stride = 2, .activation = relu}}),
      row("k7_stride2_odd", {.x = {1, 7, 9, 2}, .outputs = 1, .kernel = 7, .desc = {.stride = 2}, .bias = false}),
      row("k7_stride2_two_images", {.x = {2, 6, 4, 2}, .outputs = 2, .kernel = 7, .desc = {.stride = 2}},
          {.x = {1, 512, 512, 102}, .outputs = 64, .kernel = 7, .desc = {.stride = 2}}),
      row("k3_dilation2", {.x = {1, 6, 7, 2}, .outputs = 2, .desc = {.dilation = 2}, .bias = false},
          {.x = {1, 256, 256, 4}, .outputs = 4, .desc = {.dilation = 2}, .bias = false}),
      row("k3_dilation3", {.x = {1, 7, 8, 3}, .outputs = 2, .desc = {.dilation = 3}, .bias = false},
          {.x = {1, 256, 256, 4}, .outputs = 4, .desc = {.dilation = 3}, .bias = false}),
      row("k3_dilation3_small_image", {.x = {2, 2, 3, 2}, .outputs = 2, .desc = {.dilation = 3, .activation = relu}}),
      row("k3_dilation2_stride2", {.x = {1, 7, 6, 2}, .outputs = 2, .desc = {.stride = 2, .dilation = 2}}),
  };
}

std::vector<Row> feature_rows() {
  const Conv2dDesc stem{.stride = 2, .features = true, .activation = relu};
  return {
      row("features_k7_stride2_relu", {.x = {2, 6, 5, 3}, .outputs = 3, .kernel = 7, .desc = stem},
          {.x = {1, 512, 512, 3}, .outputs = 64, .kernel = 7, .desc = stem}),
      row("features_residual_no_bias",
          {.x = {1, 4, 5, 3}, .outputs = 17, .desc = {.features = true}, .bias = false, .residual = true}),
      row("features_tanh", {.x = {1, 3, 4, 3}, .outputs = 2, .desc = {.features = true, .activation = tanh}}),
      row("features_one_pixel", {.x = {1, 1, 1, 3}, .outputs = 5, .kernel = 7, .desc = stem}),
  };
}

std::vector<Row> depthwise_rows() {
  const Conv2dDesc plain{.depthwise = true}, with_relu{.depthwise = true, .activation = relu};
  const auto at_16 = [&](std::int64_t kernel) {  // MS-SE: 256 channels at 1/32 of 512 x 512
    return ConvLayer{.x = {1, 16, 16, 256}, .outputs = 256, .kernel = kernel, .desc = with_relu};
  };
  return {
      row("depthwise_k3", {.x = {1, 4, 4, 5}, .outputs = 5, .desc = plain}),
      row("depthwise_k3_relu", {.x = {2, 3, 4, 5}, .outputs = 5, .desc = with_relu}, at_16(3)),
      row("depthwise_k5_relu", {.x = {1, 5, 6, 5}, .outputs = 5, .kernel = 5, .desc = with_relu}, at_16(5)),
      row("depthwise_k7_relu", {.x = {1, 6, 7, 3}, .outputs = 3, .kernel = 7, .desc = with_relu}, at_16(7)),
      row("depthwise_16_channels", {.x = {1, 3, 4, 16}, .outputs = 16, .desc = with_relu}),
      row("depthwise_17_channels_no_bias", {.x = {1, 3, 3, 17}, .outputs = 17, .desc = plain, .bias = false}),
      row("depthwise_one_channel", {.x = {2, 5, 4, 1}, .outputs = 1, .desc = plain}),
      row("depthwise_one_pixel", {.x = {1, 1, 1, 3}, .outputs = 3, .kernel = 7, .desc = with_relu}),
  };
}

std::vector<Row> activation_rows() {
  return {
      row("relu", {.x = {1, 4, 5, 3}, .outputs = 2, .desc = {.activation = relu}},
          {.x = {1, 256, 256, 128}, .outputs = 128, .desc = {.activation = relu}}),
      row("leaky", {.x = {1, 5, 4, 3}, .outputs = 3, .desc = {.activation = leaky}},
          {.x = {1, 512, 512, 32}, .outputs = 16, .desc = {.activation = leaky}}),
      row("k7_leaky", {.x = {1, 4, 6, 3}, .outputs = 1, .kernel = 7, .desc = {.activation = leaky}},
          {.x = {1, 512, 512, 3}, .outputs = 16, .kernel = 7, .desc = {.activation = leaky}}),
      row("tanh", {.x = {1, 3, 4, 2}, .outputs = 3, .desc = {.activation = tanh}}),
      row("sigmoid", {.x = {1, 4, 3, 2}, .outputs = 3, .desc = {.activation = sigmoid}}),
      row("selu", {.x = {2, 5, 3, 3}, .outputs = 5, .desc = {.dilation = 2, .activation = Activation::selu}}),
      row("selu_skip", {.x = {1, 3, 4, 2}, .outputs = 4, .desc = {.activation = Activation::selu}, .skip = 3}),
      row("k1_relu_no_bias",
          {.x = {2, 3, 4, 5}, .outputs = 2, .kernel = 1, .desc = {.activation = relu}, .bias = false}),
  };
}

std::vector<Row> two_source_rows() {
  return {
      row("residual", {.x = {1, 4, 5, 2}, .outputs = 3, .residual = true}),
      row("residual_relu_no_bias",
          {.x = {2, 3, 4, 2}, .outputs = 2, .desc = {.activation = relu}, .bias = false, .residual = true},
          {.x = {1, 128, 128, 64}, .outputs = 64, .desc = {.activation = relu}, .bias = false, .residual = true}),
      row("residual_k1_relu",
          {.x = {1, 4, 4, 5}, .outputs = 3, .kernel = 1, .desc = {.activation = relu}, .residual = true}),
      row("residual_stride2", {.x = {1, 6, 5, 2}, .outputs = 2, .desc = {.stride = 2}, .residual = true}),
      row("residual_depthwise",
          {.x = {1, 4, 4, 3}, .outputs = 3, .kernel = 5, .desc = {.depthwise = true}, .residual = true}),
      row("skip", {.x = {1, 4, 5, 2}, .outputs = 2, .skip = 3}),
      row("skip_leaky", {.x = {1, 5, 4, 3}, .outputs = 2, .desc = {.activation = leaky}, .skip = 3},
          {.x = {1, 512, 512, 16}, .outputs = 16, .desc = {.activation = leaky}, .skip = 16}),
      row("skip_k1", {.x = {2, 3, 3, 5}, .outputs = 4, .kernel = 1, .skip = 5},
          {.x = {1, 512, 512, 64}, .outputs = 64, .kernel = 1, .skip = 64}),
      row("skip_k1_wider", {.x = {1, 4, 3, 1}, .outputs = 3, .kernel = 1, .bias = false, .skip = 16}),
      row("skip_residual_relu",
          {.x = {1, 4, 3, 2}, .outputs = 2, .desc = {.activation = relu}, .residual = true, .skip = 1}),
      row("skip_stride2", {.x = {1, 5, 6, 2}, .outputs = 2, .desc = {.stride = 2, .activation = relu}, .skip = 2}),
  };
}

std::vector<Row> upsampled_rows() {
  const auto up = [](Activation activation) { return Conv2dDesc{.upsample = true, .activation = activation}; };
  return {
      row("upsample", {.x = {1, 3, 4, 2}, .outputs = 3, .desc = up(Activation::none)},
          {.x = {1, 256, 256, 128}, .outputs = 64, .desc = up(Activation::none)}),
      row("upsample_relu", {.x = {1, 4, 3, 3}, .outputs = 2, .desc = up(relu)},
          {.x = {1, 32, 32, 512}, .outputs = 512, .desc = up(relu)}),
      row("upsample_leaky_no_bias", {.x = {2, 2, 3, 2}, .outputs = 2, .desc = up(leaky), .bias = false}),
      row("upsample_tanh", {.x = {1, 3, 3, 1}, .outputs = 3, .desc = up(tanh)}),
      row("upsample_one_pixel", {.x = {1, 1, 1, 5}, .outputs = 2, .desc = up(relu)}),
      row("upsample_one_row", {.x = {1, 1, 5, 2}, .outputs = 2, .desc = up(Activation::none)}),
      row("upsample_residual", {.x = {1, 3, 3, 2}, .outputs = 2, .desc = up(Activation::none), .residual = true}),
      row("upsample_residual_relu", {.x = {2, 2, 3, 1}, .outputs = 3, .desc = up(relu), .residual = true}),
      row("upsample_16_channels", {.x = {1, 2, 3, 16}, .outputs = 1, .desc = up(sigmoid)}),
  };
}

std::vector<Row> transposed_rows() {
  const auto up = [](Activation activation) { return Conv2dDesc{.transposed = true, .activation = activation}; };
  return {
      row("transposed", {.x = {1, 3, 4, 2}, .outputs = 3, .kernel = 4, .desc = up(Activation::none)},
          {.x = {1, 256, 256, 128}, .outputs = 64, .kernel = 4, .desc = up(Activation::none)}),
      row("transposed_relu", {.x = {1, 4, 3, 3}, .outputs = 2, .kernel = 4, .desc = up(relu)},
          {.x = {1, 16, 16, 512}, .outputs = 512, .kernel = 4, .desc = up(relu)}),
      row("transposed_leaky_no_bias", {.x = {2, 2, 3, 2}, .outputs = 2, .kernel = 4, .desc = up(leaky), .bias = false}),
      row("transposed_tanh", {.x = {1, 3, 3, 1}, .outputs = 3, .kernel = 4, .desc = up(tanh)}),
      row("transposed_one_pixel", {.x = {1, 1, 1, 5}, .outputs = 2, .kernel = 4, .desc = up(relu)}),
      row("transposed_one_row", {.x = {1, 1, 5, 2}, .outputs = 2, .kernel = 4, .desc = up(Activation::none)}),
      row("transposed_16_channels", {.x = {1, 2, 3, 16}, .outputs = 1, .kernel = 4, .desc = up(sigmoid)}),
      row("transposed_17_outputs", {.x = {2, 3, 2, 1}, .outputs = 17, .kernel = 4, .desc = up(Activation::none)}),
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto group : {plain_rows, stride_and_dilation_rows, feature_rows, depthwise_rows, activation_rows,
                           two_source_rows, upsampled_rows, transposed_rows})
    for (Row& one : group()) rows.push_back(std::move(one));
  return rows;
}

double flop_of(const ConvLayer& l) {
  const double macs = static_cast<double>(l.result().numel() * l.weight_inputs() * l.taps());
  return 2 * macs * (l.desc.upsample ? 16.0 / 36 : 1);  // an upsampled source: what the four phase convolutions do
}

}  // namespace

std::vector<ConvLayer> small_layers() {
  std::vector<ConvLayer> layers;
  for (const Row& one : all_rows()) layers.push_back(one.layer);
  return layers;
}

std::vector<OpCase> conv_cases() {
  std::vector<OpCase> cases;
  for (const Row& one : all_rows()) {
    OpCase op_case = case_of(one.layer);
    if (one.bench) {
      op_case.bench_shapes = one.bench->shapes();
      op_case.bench_flop = flop_of(*one.bench);
    }
    cases.push_back(std::move(op_case));
  }
  return cases;
}

}  // namespace duhdr::test
