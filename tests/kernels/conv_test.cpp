// SPDX-License-Identifier: Apache-2.0
// Convolutions on the CPU: our kernels against the reference loops, the fused op against simple ones, the same bits for
// any number of threads and any crop, packed weights that follow their weight. Gradients are checked in op_test.cpp,
// too.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/arithmetic.h"
#include "kernels/conv/backend.h"
#include "kernels/execution.h"
#include "kernels/layout.h"
#include "kernels/linear.h"
#include "kernels/resample.h"
#include "tensor/parallel.h"
#include "tests/cases/op_cases_conv_layers.h"
#include "tests/cases/op_evaluate.h"

namespace duhdr::test {

void PrintTo(const ConvLayer& layer, std::ostream* out) { *out << layer.name; }

namespace {

const auto name_of_layer = [](const testing::TestParamInfo<ConvLayer>& row) { return row.param.name; };

class SmallLayer : public testing::TestWithParam<ConvLayer> {};
class NetworkLayer : public testing::TestWithParam<ConvLayer> {};
INSTANTIATE_TEST_SUITE_P(Conv2d, SmallLayer, testing::ValuesIn(small_layers()), name_of_layer);
INSTANTIATE_TEST_SUITE_P(Conv2d, NetworkLayer, testing::ValuesIn(network_layers()), name_of_layer);

/// The layer on an image of this size.
ConvLayer resized(ConvLayer layer, std::int64_t n, std::int64_t h, std::int64_t w) {
  layer.x = Shape{n, h, w, layer.x.c()};
  return layer;
}

OpResult reference(const OpCase& op_case, DType dtype) {
  const ExecutionScope loops({.reference = true});
  return evaluate(op_case, make_inputs(op_case, dtype));
}

void expect_agreement(const ConvLayer& layer) {
  const OpCase op_case = case_of(layer);
  expect_close(evaluate(op_case, make_inputs(op_case, DType::f32)), reference(op_case, DType::f32), {1e-11, 5e-6});

  // bf16 is computed in f32 and rounded once.
  std::vector<Variable> wide;
  for (const Variable& input : make_inputs(op_case, DType::bf16)) wide.emplace_back(input.value().to(DType::f32));
  const OpResult half = evaluate(op_case, make_inputs(op_case, DType::bf16));
  const Tensor rounded = op_case.run(wide).value().to(DType::bf16);
  EXPECT_EQ(std::memcmp(half.out.raw(), rounded.raw(), rounded.bytes()), 0);
  // The loops round features, and each part of a sum over two sources or an enlarged one; all else they round at the
  // same places, and only a result beside a rounding boundary falls the other way: 1.5e-8 (measured), at most one
  // spacing, 2^-7 of it.
  if (layer.skip == 0 && !layer.desc.upsample && !layer.desc.features)
    expect_close(half, reference(op_case, DType::bf16), {1e-6, 8e-3});
}

TEST_P(SmallLayer, AgreesWithTheLoops) { expect_agreement(GetParam()); }
TEST_P(NetworkLayer, AgreesWithTheLoops) { expect_agreement(GetParam()); }
TEST_P(NetworkLayer, AgreesWithTheLoopsOnAPixelOrTwo) {
  expect_agreement(resized(GetParam(), 1, 1, 1));
  expect_agreement(resized(GetParam(), 1, 2, 1));
}
TEST_P(SmallLayer, AgreesWithTheLoopsOnManyTiles) { expect_agreement(resized(GetParam(), 2, 21, 35)); }

/// A transposed convolution as a plain one: x between zeros, and the kernel, turned by half a turn, as one of 5x5.
Conv2dInputs untransposed(const Conv2dInputs& in) {
  const Shape& weight = in.weight.shape();
  const std::int64_t inputs = weight[0], outputs = weight[1], taps = 16, wider_taps = 25;
  Tensor first_of_four = Tensor::zeros(Shape{4 * inputs, inputs, 1, 1}, in.x.dtype());
  for (std::int64_t c = 0; c < inputs; ++c) first_of_four.mutable_data<double>()[4 * c * inputs + c] = 1;
  Tensor places = Tensor::zeros(Shape{outputs * inputs * wider_taps, weight.numel()}, in.x.dtype());
  for (std::int64_t i = 0; i < inputs; ++i)
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t t = 0; t < taps; ++t) {
        const std::int64_t to = (o * inputs + i) * wider_taps + (3 - t / 4) * 5 + 3 - t % 4;
        places.mutable_data<double>()[to * weight.numel() + (i * outputs + o) * taps + t] = 1;
      }
  const Variable wide = linear(reshape(in.weight, Shape{1, weight.numel()}), Variable(places), {});
  return {.x = pixel_shuffle(conv2d({.x = in.x, .weight = Variable(first_of_four)})),
          .weight = reshape(wide, Shape{outputs, inputs, 5, 5}),
          .bias = in.bias};
}

/// The layer from a plain convolution and simple ops.
Variable composed(const ConvLayer& layer, const std::vector<Variable>& inputs) {
  Conv2dInputs in = layer.operands(inputs);
  if (layer.desc.upsample) in.x = upsample_nearest2x(in.x);
  if (in.skip.defined()) in.x = concat_channels({in.x, in.skip});
  if (layer.desc.features) in.x = response_features(in.x);
  if (layer.desc.transposed) in = untransposed(in);
  Conv2dDesc plain = layer.desc;
  plain.upsample = plain.features = plain.transposed = false;
  plain.activation = Activation::none;
  Variable y = conv2d({.x = in.x, .weight = in.weight}, plain);
  if (in.bias.defined()) {
    const Tensor ones = Tensor::full(y.shape().with(3, 1), 1, y.dtype());
    y = add(y, conv2d({.x = Variable(ones), .weight = reshape(in.bias, Shape{layer.outputs, 1, 1, 1})}));
  }
  if (in.residual.defined()) y = add(y, in.residual);
  return activated(y, layer.desc.activation);
}

TEST_P(SmallLayer, FusedIsTheCompositionOfSimpleOps) {
  const OpCase fused = case_of(GetParam());
  OpCase simple = fused;
  simple.run = [](const std::vector<Variable>& inputs) { return composed(GetParam(), inputs); };
  expect_close(evaluate(fused, make_inputs(fused, DType::f64)), evaluate(simple, make_inputs(simple, DType::f64)),
               {1e-28, 1e-14});
}

ConvLayer many_pixels(const ConvLayer& layer) {
  return layer.x.c() * layer.outputs > 128 * 128 ? resized(layer, 2, 13, 18) : resized(layer, 2, 45, 38);
}

TEST_P(NetworkLayer, SameBitsForAnyNumberOfThreads) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    SCOPED_TRACE(name_of(dtype));
    const OpCase op_case = case_of(many_pixels(GetParam()));
    const auto run = [&](int threads) {
      set_pool_threads(threads);  // also more than there are processors
      return evaluate(op_case, make_inputs(op_case, dtype));
    };
    const OpResult one = run(1);
    for (const int threads : {2, 3, 4}) expect_same_bits(run(threads), one);
    set_cpu_threads(0);
  }
}

// Fewer channels than a vector has floats, at every remainder.
TEST(Conv2d, NarrowLayersAgreeWithTheLoops) {
  for (const std::int64_t channels : {1, 2, 3, 5, 7, 9, 12, 20, 24, 33})
    for (const std::int64_t kernel : {1, 3, 5, 7})
      for (const int stride : {1, 2}) {
        SCOPED_TRACE(message(channels, " channels, kernel ", kernel, ", stride ", stride));
        expect_agreement({.name = message("narrow_", channels, "_k", kernel, "_s", stride),
                          .x = {2, 10, 13, channels},
                          .outputs = channels + 3,
                          .kernel = kernel,
                          .desc = {.stride = stride}});
      }
}

struct Route {
  const char* name;
  ConvProblem problem;
  ConvDirection direction;
  const ConvBackend& backend;
};

TEST(ConvBackends, TheFirstRowThatSupportsAProblemRunsIt) {
  const ConvProblem narrow{.n = 1, .h = 8, .w = 8, .ci = 4, .oh = 8, .ow = 8, .co = 4, .kh = 3, .kw = 3, .wi = 4};
  ConvProblem f64 = narrow, f64_skip = narrow, wide = narrow, bf16 = narrow, up = narrow, depthwise = narrow;
  f64.dtype = f64_skip.dtype = DType::f64;
  f64_skip.cs = f64_skip.wi = 8;
  wide.ci = wide.co = wide.wi = 16;
  bf16.dtype = DType::bf16;
  up.upsample = true;
  depthwise.depthwise = true;
  ConvProblem strided = wide, dilated = wide, pointwise = wide, small = wide, large = wide, one_sided = wide;
  ConvProblem transposed = narrow, transposed_odd;
  transposed.kh = transposed.kw = 4;
  transposed.stride = 2;
  transposed.pad_top = transposed.pad_left = 1;
  transposed.oh = transposed.ow = 4;
  transposed_odd = transposed;
  transposed_odd.h = 7;
  transposed_odd.oh = 3;
  small.h = small.oh = 7;
  strided.stride = dilated.dilation = 2;
  pointwise.kh = pointwise.kw = 1;
  large.kh = large.kw = one_sided.kh = one_sided.kw = 5;
  large.pad_top = large.pad_left = 2;
  const auto forward = ConvDirection::forward, back = ConvDirection::backward_input;
  for (const Route& route : {Route{"few channels", narrow, forward, conv_direct},
                             Route{"3x3", wide, forward, conv_winograd},
                             Route{"its gradient", wide, back, conv_winograd},
                             Route{"on a small image", small, ConvDirection::backward_weight, conv_direct},
                             Route{"on a larger one", wide, ConvDirection::backward_weight, conv_winograd},
                             Route{"strided", strided, back, conv_direct},
                             Route{"dilated", dilated, forward, conv_direct},
                             Route{"5x5", large, forward, conv_winograd_split},
                             Route{"its gradient", large, back, conv_winograd_split},
                             Route{"its weight's", large, ConvDirection::backward_weight, conv_direct},
                             Route{"5x5, padded on one side", one_sided, forward, conv_direct},
                             Route{"transposed 4x4", transposed, back, conv_winograd},
                             Route{"its gradient", transposed, forward, conv_direct},
                             Route{"its weight's", transposed, ConvDirection::backward_weight, conv_direct},
                             Route{"of an odd size", transposed_odd, back, conv_direct},
                             Route{"1x1", pointwise, forward, conv_direct},
                             Route{"enlarged", up, forward, conv_winograd},
                             Route{"depthwise", depthwise, forward, conv_depthwise},
                             Route{"its weight gradient", depthwise, ConvDirection::backward_weight, conv_reference},
                             Route{"bf16", bf16, forward, conv_through_f32},
                             Route{"f64", f64, forward, conv_reference},
                             Route{"f64, two sources", f64_skip, forward, conv_parts}}) {
    EXPECT_STREQ(conv_backend_of(route.problem, route.direction, Device::cpu()).name, route.backend.name) << route.name;
    const ExecutionScope loops({.reference = true});
    EXPECT_STREQ(conv_backend_of(route.problem, route.direction, Device::cpu()).name,
                 (route.problem.is_plain() ? conv_reference : conv_parts).name);
  }
}

/// Rows [top, top + h) and columns [left, left + w) of every image.
Tensor part(const Tensor& image, std::int64_t top, std::int64_t left, std::int64_t h, std::int64_t w) {
  return crop(Variable(image), top, left, h, w).value();
}

// What tiling stands on: a tile with its halo gives the bits of the whole image.
TEST_P(NetworkLayer, ACropWithItsHaloGivesTheBitsOfTheWhole) {
  const NoGrad no_grad;
  const ConvLayer layer = resized(GetParam(), 1, 72, 80);
  const OpCase op_case = case_of(layer);
  constexpr std::int64_t grid = 4;  // of every block and stride, in pixels of x
  const std::int64_t reach = layer.kernel / 2 * layer.desc.dilation + (layer.desc.features ? 1 : 0);
  const std::int64_t halo = (reach + grid - 1) / grid * grid;
  const std::int64_t top = 16, left = 24, height = 36, width = 28;  // the interior, in pixels of x
  const auto scaled = [&](std::int64_t pixels) {
    return layer.desc.upsample || layer.desc.transposed ? 2 * pixels : pixels / layer.desc.stride;
  };
  for (const DType dtype : {DType::f32, DType::bf16}) {
    SCOPED_TRACE(name_of(dtype));
    std::vector<Variable> inputs = make_inputs(op_case, dtype);
    const Tensor whole = op_case.run(inputs).value();
    const Tensor expected = part(whole, scaled(top), scaled(left), scaled(height), scaled(width));
    const auto cut = [&](Variable& image, auto scale) {
      image = Variable(part(image.value(), scale(top - halo), scale(left - halo), scale(height + 2 * halo),
                            scale(width + 2 * halo)));
    };
    cut(inputs[0], [](std::int64_t pixels) { return pixels; });
    const std::size_t second = layer.bias ? 3 : 2;
    if (layer.skip > 0) cut(inputs[second], [](std::int64_t pixels) { return pixels; });
    if (layer.residual) cut(inputs[second + (layer.skip > 0)], scaled);
    const Tensor tile = op_case.run(inputs).value();
    const Tensor inner = part(tile, scaled(halo), scaled(halo), scaled(height), scaled(width));
    EXPECT_EQ(std::memcmp(inner.raw(), expected.raw(), expected.bytes()), 0);
  }
}

// On small images the tiles of a wide layer stay and its kernels go by, shared out among threads together with the
// tiles where there are many; on large ones it is the other way round.
TEST(Conv2d, AWideLayerHasTheSameBitsOnSmallAndLargeImages) {
  const NoGrad no_grad;
  const OpCase op_case = case_of(ConvLayer{.name = "wide", .x = {1, 136, 136, 512}, .outputs = 512});
  std::vector<Variable> inputs = make_inputs(op_case, DType::f32);
  const Tensor expected = part(op_case.run(inputs).value(), 4, 8, 52, 52);
  inputs[0] = Variable(part(inputs[0].value(), 0, 4, 60, 60));
  for (const int threads : {1, 2, 16}) {
    set_pool_threads(threads);
    const Tensor inner = part(op_case.run(inputs).value(), 4, 4, 52, 52);
    EXPECT_EQ(std::memcmp(inner.raw(), expected.raw(), expected.bytes()), 0) << threads << " threads";
  }
  set_cpu_threads(0);
}

// A weight is packed when it is first used and again after it may have changed.
class WeightOf : public testing::TestWithParam<ConvLayer> {};
INSTANTIATE_TEST_SUITE_P(
    Conv2d, WeightOf,
    testing::Values(
        ConvLayer{.name = "plain", .x = {1, 6, 5, 16}, .outputs = 16},
        ConvLayer{.name = "skip", .x = {1, 6, 5, 3}, .outputs = 4, .skip = 5},
        ConvLayer{.name = "k1", .x = {1, 6, 5, 3}, .outputs = 4, .kernel = 1},
        ConvLayer{.name = "depthwise", .x = {1, 6, 5, 3}, .outputs = 3, .desc = {.depthwise = true}},
        ConvLayer{.name = "upsample", .x = {1, 6, 5, 3}, .outputs = 4, .desc = {.upsample = true}},
        ConvLayer{.name = "transposed", .x = {1, 6, 5, 3}, .outputs = 4, .kernel = 4, .desc = {.transposed = true}}),
    name_of_layer);

void expect_follows_weight(const OpCase& op_case, const std::vector<Variable>& inputs) {
  const Tensor value = op_case.run(inputs).value();
  const ExecutionScope loops({.reference = true});
  EXPECT_LE(normalised_square_error(value, op_case.run(inputs).value()), 1e-12);
}

TEST_P(WeightOf, IsPackedAgainAfterItChanges) {
  const OpCase op_case = case_of(GetParam());
  const NoGrad no_grad;
  std::vector<Variable> inputs = make_inputs(op_case, DType::f32);
  expect_follows_weight(op_case, inputs);
  Tensor shared = inputs[1].value();
  for (std::int64_t i = 0; i < shared.numel(); ++i) shared.mutable_data<float>()[i] *= -2;
  expect_follows_weight(op_case, inputs);
  inputs[1].set_value(Tensor::full(shared.shape(), 0.25, DType::f32));
  expect_follows_weight(op_case, inputs);
}

TEST(Conv2d, TapsThatSeeOnlyPaddingHaveNoGradient) {
  const OpCase op_case = case_of({.name = "row", .x = {2, 1, 9, 16}, .outputs = 16});
  const Tensor gradient = evaluate(op_case, make_inputs(op_case, DType::f32)).gradients[1];
  for (std::int64_t i = 0; i < gradient.numel(); ++i)
    if (i / 3 % 3 != 1) {
      ASSERT_EQ(gradient.data<float>()[i], 0) << i;
    }
}

TEST(Conv2d, AWeightThatIsPartOfALargerTensorFollowsIt) {
  const NoGrad no_grad;
  const ConvLayer layer{.name = "part", .x = {1, 4, 5, 3}, .outputs = 4};
  const OpCase op_case = case_of(layer);
  std::vector<Variable> inputs = make_inputs(op_case, DType::f32);
  const Shape weight = inputs[1].shape();
  Tensor all = Tensor::full(Shape{10 + 2 * weight.numel()}, 0.5, DType::f32);
  const Variable first(all.range(10, weight)), second(all.range(10 + weight.numel(), weight));
  for (const double value : {1.0, -3.0}) {
    fill(all, value);
    for (const Variable& part_of_all : {first, second}) {
      inputs[1] = part_of_all;
      expect_follows_weight(op_case, inputs);
    }
  }
}

// Instruction sets differ in which of two operands is the larger one where one is not a number: here NaN stays NaN.
TEST(Conv2d, FusedActivationsPassNanAndInfinitiesOn) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> sums{nan, infinity, -infinity, -2, 3};
  for (const ConvLayer& layer :
       {ConvLayer{.name = "winograd", .x = {1, 6, 5, 16}, .outputs = 21},
        ConvLayer{.name = "split", .x = {1, 6, 5, 16}, .outputs = 21, .kernel = 5},
        ConvLayer{.name = "direct", .x = {1, 6, 5, 3}, .outputs = 21, .kernel = 1},
        ConvLayer{.name = "depthwise", .x = {1, 6, 5, 21}, .outputs = 21, .desc = {.depthwise = true}},
        ConvLayer{.name = "hats", .x = {1, 6, 5, 3}, .outputs = 21, .desc = {.features = true}}})
    for (const Activation activation : {Activation::relu, Activation::leaky_relu}) {
      const bool relu = activation == Activation::relu;
      SCOPED_TRACE(message(layer.name, relu ? ", relu" : ", leaky_relu"));
      ConvLayer fused = layer;
      fused.bias = false;
      fused.residual = true;
      fused.desc.activation = activation;
      const std::vector<Variable> inputs = make_inputs(case_of(fused), DType::f32);
      Tensor weight = inputs[1].value(), residual = inputs[2].value();
      fill(weight, 0);
      for (std::int64_t i = 0; i < residual.numel(); ++i)
        residual.mutable_data<float>()[i] = sums[static_cast<std::size_t>(i) % sums.size()];
      const NoGrad no_grad;
      const std::vector<float> y = case_of(fused).run(inputs).value().to_vector<float>();
      const std::vector<float> expected{nan, infinity, relu ? 0 : -infinity, relu ? 0 : 0.1f * -2, 3};
      for (std::size_t i = 0; i < y.size(); ++i) {
        const float wanted = expected[i % expected.size()];
        EXPECT_TRUE(y[i] == wanted || (std::isnan(y[i]) && std::isnan(wanted))) << i << ": " << y[i];
      }
    }
}

Variable filled(const Shape& shape, DType dtype = DType::f32) { return Variable(Tensor::full(shape, 0.5, dtype)); }

struct BadCall {
  const char* name;
  const char* says;  // what the message names as the fault
  Conv2dInputs inputs;
  Conv2dDesc desc = {};
};

std::vector<BadCall> bad_calls() {
  const Variable x = filled({1, 4, 4, 3}), weight = filled({2, 3, 3, 3}), depthwise = filled({3, 1, 3, 3});
  return {
      {"a vector", "conv2d of [3] with weight [2, 3, 3, 3]", {.x = filled({3}), .weight = weight}},
      {"a weight of rank 2", "conv2d of [1, 4, 4, 3] with weight [2, 3]", {.x = x, .weight = filled({2, 3})}},
      {"an empty image",
       "conv2d of nothing: [1, 0, 4, 3] with weight [2, 3, 3, 3]",
       {.x = filled({1, 0, 4, 3}), .weight = weight}},
      {"no outputs",
       "conv2d of nothing: [1, 4, 4, 3] with weight [0, 3, 3, 3]",
       {.x = x, .weight = filled({0, 3, 3, 3})}},
      {"other channels",
       "conv2d of 4 channels with weight [2, 3, 3, 3]",
       {.x = filled({1, 4, 4, 4}), .weight = weight}},
      {"an even kernel", "conv2d with weight [2, 3, 2, 2]", {.x = x, .weight = filled({2, 3, 2, 2})}},
      {"another type", "conv2d of f32 with a bf16 weight", {.x = x, .weight = filled({2, 3, 3, 3}, DType::bf16)}},
      {"a type without arithmetic",
       "no convolutions in f16",
       {.x = filled({1, 4, 4, 3}, DType::f16), .weight = filled({2, 3, 3, 3}, DType::f16)}},
      {"stride 0", "conv2d with weight [2, 3, 3, 3]", {.x = x, .weight = weight}, {.stride = 0}},
      {"dilation 0", "conv2d with weight [2, 3, 3, 3]", {.x = x, .weight = weight}, {.dilation = 0}},
      {"a short bias", "bias [1] for weight [2, 3, 3, 3]", {.x = x, .weight = weight, .bias = filled({1})}},
      {"a residual of x's shape",
       "residual [1, 4, 4, 3] for a result [1, 4, 4, 2]",
       {.x = x, .weight = weight, .residual = x}},
      {"a residual of another type",
       "residual in bf16 for x in f32",
       {.x = x, .weight = weight, .residual = filled({1, 4, 4, 2}, DType::bf16)}},
      {"a smaller skip",
       "conv2d of [1, 4, 4, 3] and second source [1, 4, 3, 2]",
       {.x = x, .skip = filled({1, 4, 3, 2}), .weight = filled({2, 5, 3, 3})}},
      {"a skip without weights",
       "conv2d of 5 channels with weight [2, 3, 3, 3]",
       {.x = x, .skip = filled({1, 4, 4, 2}), .weight = weight}},
      {"a skip of another type",
       "conv2d of [1, 4, 4, 3] and second source [1, 4, 4, 2]",
       {.x = x, .skip = filled({1, 4, 4, 2}, DType::f64), .weight = filled({2, 5, 3, 3})}},
      {"depthwise with a full weight",
       "conv2d of 3 channels with weight [2, 3, 3, 3]",
       {.x = x, .weight = weight},
       {.depthwise = true}},
      {"depthwise with a skip",
       "conv2d of [1, 4, 4, 3] and second source [1, 4, 4, 3]",
       {.x = x, .skip = x, .weight = filled({6, 1, 3, 3})},
       {.depthwise = true}},
      {"an upsampled 1x1",
       "an upsampled source needs a plain 3x3 convolution, not weight [2, 3, 1, 1]",
       {.x = x, .weight = filled({2, 3, 1, 1})},
       {.upsample = true}},
      {"upsampled with stride",
       "an upsampled source needs a plain 3x3 convolution, not weight [2, 3, 3, 3]",
       {.x = x, .weight = weight},
       {.stride = 2, .upsample = true}},
      {"upsampled depthwise",
       "an upsampled source needs a plain 3x3 convolution, not weight [3, 1, 3, 3]",
       {.x = x, .weight = depthwise},
       {.depthwise = true, .upsample = true}},
      {"upsampled with a skip",
       "conv2d of [1, 4, 4, 3] and second source [1, 4, 4, 3]",
       {.x = x, .skip = x, .weight = filled({2, 6, 3, 3})},
       {.upsample = true}},
      {"a transposed 3x3",
       "a transposed convolution has a plain 4x4 kernel and one source, not weight [3, 3, 3, 3]",
       {.x = x, .weight = filled({3, 3, 3, 3})},
       {.transposed = true}},
      {"transposed with stride",
       "a transposed convolution has a plain 4x4 kernel and one source, not weight [3, 2, 4, 4]",
       {.x = x, .weight = filled({3, 2, 4, 4})},
       {.stride = 2, .transposed = true}},
      {"transposed with a residual",
       "a transposed convolution has a plain 4x4 kernel and one source, not weight [3, 2, 4, 4]",
       {.x = x, .weight = filled({3, 2, 4, 4}), .residual = filled({1, 8, 8, 2})},
       {.transposed = true}},
      {"transposed with the weight of the other way",
       "conv2d of 3 channels with weight [2, 3, 4, 4]",
       {.x = x, .weight = filled({2, 3, 4, 4})},
       {.transposed = true}},
      {"transposed with a bias of the inputs",
       "bias [3] for weight [3, 2, 4, 4]",
       {.x = x, .weight = filled({3, 2, 4, 4}), .bias = filled({3})},
       {.transposed = true}},
      {"upsampled with a small residual",
       "residual [1, 4, 4, 2] for a result [1, 8, 8, 2]",
       {.x = x, .weight = weight, .residual = filled({1, 4, 4, 2})},
       {.upsample = true}},
  };
}

TEST(Conv2d, RefusesBadCalls) {
  for (const BadCall& call : bad_calls()) expect_refused([&] { conv2d(call.inputs, call.desc); }, call.says, call.name);
}

}  // namespace
}  // namespace duhdr::test
