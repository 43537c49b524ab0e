// SPDX-License-Identifier: Apache-2.0
// Every row of the op case table: gradients against central differences in double, f32 against double, bf16 against
// f32, the same bits on every run and for any number of threads. And every op has a row.
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <set>

#include "kernels/arithmetic.h"
#include "kernels/batch_norm.h"
#include "kernels/camera/exposure.h"
#include "kernels/expm1.h"
#include "kernels/layout.h"
#include "kernels/linear.h"
#include "kernels/loss.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "kernels/resample.h"
#include "tests/cases/op_evaluate.h"

namespace duhdr::test {
namespace {

class Op : public testing::TestWithParam<OpCase> {};
INSTANTIATE_TEST_SUITE_P(Table, Op, testing::ValuesIn(all_op_cases()),
                         [](const testing::TestParamInfo<OpCase>& row) { return test_name(row.param); });

using Function = std::function<Variable(const std::vector<Variable>&)>;

/// sum(run(inputs) * g) with element `element` of input `index` moved by `step`, in double.
double loss_at(const Function& run, const std::vector<Variable>& inputs, const Tensor& g, std::size_t index,
               std::int64_t element, double step) {
  std::vector<Variable> moved = inputs;
  Tensor value = inputs[index].value().clone();
  value.mutable_data<double>()[element] += step;
  moved[index] = Variable(value);
  const Tensor out = run(moved).value().to(DType::f64);
  double loss = 0;
  for (std::int64_t i = 0; i < out.numel(); ++i) loss += out.data<double>()[i] * g.data<double>()[i];
  return loss;
}

TEST_P(Op, GradientIsTheDerivative) {
  const OpCase& op_case = GetParam();
  constexpr double step = 1e-6;
  const std::vector<Variable> inputs = make_inputs(op_case, DType::f64);
  const OpResult result = evaluate(op_case, inputs);
  const Tensor g = output_gradient(op_case, result.out).to(DType::f64);
  const Function& run = op_case.surrogate ? op_case.surrogate : op_case.run;
  const NoGrad no_grad;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    ASSERT_EQ(result.gradients[k].defined(), op_case.inputs[k].differentiable) << "input " << k;
    if (!op_case.inputs[k].differentiable) continue;
    double worst = 0;
    for (std::int64_t i = 0; i < inputs[k].value().numel(); ++i) {
      const double numeric = (loss_at(run, inputs, g, k, i, step) - loss_at(run, inputs, g, k, i, -step)) / (2 * step);
      const double error = std::abs(result.gradients[k].data<double>()[i] - numeric) / std::max(1.0, std::abs(numeric));
      if (!(error <= worst)) worst = error;  // a NaN stays
      if (!(worst <= op_case.gradient_limit)) {
        ASSERT_LE(error, op_case.gradient_limit) << "input " << k << ", element " << i << ": "
                                                 << result.gradients[k].data<double>()[i] << " against " << numeric;
      }
    }
  }
}

TEST_P(Op, FloatAgreesWithDouble) {
  const OpCase& op_case = GetParam();
  expect_close(evaluate(op_case, make_inputs(op_case, DType::f32)), evaluate(op_case, make_inputs(op_case, DType::f64)),
               {1e-10, op_case.float_element});
}

TEST_P(Op, Bf16AgreesWithFloat) {
  const OpCase& op_case = GetParam();
  if (op_case.bf16_limit == 0) GTEST_SKIP() << "not defined for bf16";
  const std::vector<Variable> rounded = make_inputs(op_case, DType::bf16);
  std::vector<Variable> inputs;
  for (const Variable& input : rounded) inputs.emplace_back(input.value().to(DType::f32), input.requires_grad());
  expect_close(evaluate(op_case, rounded, DType::bf16), evaluate(op_case, inputs, DType::bf16),
               {op_case.bf16_limit, op_case.bf16_element});
}

/// The shapes of a case with so many images that every loop over them has several threads. Inputs of the largest first
/// extent carry the batch; weights, parameters (vectors beside an image) and what is broadcast over the batch do not.
std::vector<Shape> many_images(const OpCase& op_case) {
  constexpr std::int64_t elements = 200000;  // of the largest input; a pooled or reduced image still has 16384
  const auto batched = [&](const OpInput& input) {
    return !input.weight && (input.shape.rank() > 1 || op_case.inputs.front().shape.rank() == 1);
  };
  std::int64_t batch = 0, largest = 0;
  for (const OpInput& input : op_case.inputs)
    if (batched(input)) batch = std::max(batch, input.shape[0]);
  for (const OpInput& input : op_case.inputs)
    if (batched(input) && input.shape[0] == batch) largest = std::max(largest, input.shape.numel());
  std::vector<Shape> shapes;
  for (const OpInput& input : op_case.inputs)
    shapes.push_back(batched(input) && input.shape[0] == batch ? input.shape.with(0, batch * (1 + elements / largest))
                                                               : input.shape);
  return shapes;
}

TEST_P(Op, SameBitsOnEveryRunAndForAnyThreads) {
  const OpCase& op_case = GetParam();
  const std::vector<Shape> shapes = many_images(op_case);
  const auto run = [&](int threads) {
    set_cpu_threads(threads);
    return evaluate(op_case, make_inputs(op_case, DType::f32, Device::cpu(), shapes));
  };
  const OpResult one = run(1);
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(message(threads, " threads"));
    expect_same_bits(run(threads), one);
  }
  set_cpu_threads(0);
}

TEST(OpTable, HasEveryPublicOp) {
  std::set<std::string> covered;
  for (const OpCase& op_case : all_op_cases()) covered.insert(op_case.op);
  const std::regex declaration(R"(\bVariable (\w+)\()");
  std::size_t found = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(DUHDR_SOURCE_DIR) / "kernels")) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (std::sregex_iterator match(text.begin(), text.end(), declaration), end; match != end; ++match, ++found)
      EXPECT_TRUE(covered.contains((*match)[1])) << (*match)[1] << " of " << entry.path() << " has no case";
  }
  EXPECT_GT(found, 40u);
}

TEST(OpTable, NamesEachRowOnce) {
  std::set<std::string> names;
  for (const OpCase& op_case : all_op_cases()) EXPECT_TRUE(names.insert(test_name(op_case)).second) << op_case.name();
}

TEST(OpTable, OneWrongElementOfAMillionIsSeen) {
  const Tensor right = Tensor::full({1, 1000, 1000, 1}, 0.5, DType::f32);
  Tensor wrong = right.clone();
  wrong.mutable_data<float>()[123456] = 0.6f;
  const OpCase limits{};
  EXPECT_LE(normalised_square_error(wrong, right), limits.bf16_limit);
  EXPECT_NONFATAL_FAILURE(expect_close(wrong, right, {limits.bf16_limit, limits.bf16_element}, "planted"), "planted");
}

// What a table of inputs and outputs does not show: ties, NaN, side effects, and calls that must be refused.

Variable leaf(const Shape& shape, const std::vector<float>& values) {
  return Variable(Tensor::of<float>(shape, values), true);
}

Variable filled(const Shape& shape, DType dtype = DType::f32) {
  return Variable(Tensor::full(shape, 0.5, dtype), true);
}

std::vector<float> gradient(const Variable& of, const Variable& result) {
  result.backward(Tensor::full(result.shape(), 1, result.dtype()));
  return of.grad().to_vector<float>();
}

using Floats = std::vector<float>;

TEST(OpRules, TiesSendTheGradientToTheFirst) {
  const Shape pair{1, 1, 2, 1};
  for (const auto op : {maximum, minimum}) {
    const Variable a = leaf(pair, {1, 2}), b = leaf(pair, {1, 2});
    EXPECT_EQ(gradient(a, op(a, b)), (Floats{1, 1}));
    EXPECT_EQ(b.grad().to_vector<float>(), (Floats{0, 0}));
  }
  const Variable pixel = leaf({1, 1, 1, 3}, {1, 7, 7});
  EXPECT_EQ(gradient(pixel, channel_max(pixel)), (Floats{0, 1, 0}));
  const Variable window = leaf({1, 2, 2, 1}, {1, 7, 7, 7});
  EXPECT_EQ(gradient(window, max_pool2d(window)), (Floats{0, 1, 0, 0}));
  const Variable image = leaf({1, 2, 2, 1}, {1, 7, 7, 7});
  EXPECT_EQ(gradient(image, max_per_image(image)), (Floats{0, 1, 0, 0}));
}

TEST(OpRules, MaxPoolPassesNanOn) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t at = 0; at < 4; ++at) {
    Floats values{1, 2, 3, 4};
    values[at] = nan;
    const Variable x = leaf({1, 2, 2, 1}, values);
    EXPECT_TRUE(std::isnan(max_pool2d(x).value().item())) << at;
    EXPECT_TRUE(std::isnan(max_pool2d(x.detach()).value().item())) << at;
  }
}

TEST(OpRules, SumsAddManyBlocksInDouble) {
  Floats values(100000);
  golden::fill("many blocks", {0, 1}, values);
  double expected = 0;
  for (const float value : values) expected += static_cast<double>(value);
  const Variable x(Tensor::of<float>({2, 50, 100, 10}, values));
  EXPECT_FLOAT_EQ(static_cast<float>(sum(x).value().item()), static_cast<float>(expected));
  EXPECT_NEAR(mean(Variable(x.value().to(DType::f64))).value().item(), expected / 1e5, 1e-12);
  EXPECT_EQ(sum(Variable(x.value().to(DType::bf16))).dtype(), DType::f32);
}

TEST(OpRules, BatchNormMovesItsRunningStatisticsInTrainingOnly) {
  const Variable x = leaf({1, 1, 4, 1}, {1, 2, 3, 6}), weight = leaf({1}, {1}), bias = leaf({1}, {0});
  Tensor mean = Tensor::full({1}, 1, DType::f32), variance = Tensor::full({1}, 2, DType::f32);
  batch_norm(x, weight, bias, mean, variance, {});
  EXPECT_EQ(mean.item(), 1);
  EXPECT_EQ(variance.item(), 2);
  batch_norm(x, weight, bias, mean, variance, {.training = true});
  EXPECT_FLOAT_EQ(static_cast<float>(mean.item()), 0.9f * 1 + 0.1f * 3);
  EXPECT_FLOAT_EQ(static_cast<float>(variance.item()), 0.9f * 2 + 0.1f * (14.0f / 3));  // unbiased
  batch_norm(x, weight, bias, mean, variance, {.training = true, .momentum = 1});
  EXPECT_FLOAT_EQ(static_cast<float>(mean.item()), 3);
}

TEST(OpRules, BatchVarianceSurvivesALargeMean) {
  Floats values;
  for (int i = 0; i < 64; ++i) values.push_back(4096.0f + (i % 2 == 0 ? 0.5f : -0.5f));
  Tensor mean = Tensor::zeros({1}, DType::f32), variance = Tensor::zeros({1}, DType::f32);
  const Variable y = batch_norm(leaf({1, 8, 8, 1}, values), leaf({1}, {1}), leaf({1}, {0}), mean, variance,
                                {.training = true, .eps = 0});
  EXPECT_FLOAT_EQ(y.value().to_vector<float>()[0], 1);
  EXPECT_FLOAT_EQ(y.value().to_vector<float>()[1], -1);
}

TEST(OpRules, UsingAValueTwiceAddsItsGradients) {
  const Variable x = leaf({2}, {3, 5});
  EXPECT_EQ(gradient(x, add(mul(x, x), add(x, x))), (Floats{8, 12}));
}

TEST(OpRules, AreaAverageKeepsTheMean) {
  Floats values(7 * 11);
  golden::fill("area", {0, 1}, values);
  const Variable x(Tensor::of<float>({1, 7, 11, 1}, values).to(DType::f64));
  EXPECT_NEAR(mean(area_downscale(x, 3, 5)).value().item(), mean(x).value().item(), 1e-15);
}

/// Well exposed pixels tell; others may be anything. Of very many some are looked at, spread over the image.
TEST(OpRules, ExposureIsThatOfTheWellExposedPixels) {
  const Shape shape{2, 600, 1000, 3};
  Tensor codes(shape, DType::f32), light(shape, DType::f32);
  golden::fill("codes", {0, 1}, {codes.mutable_data<float>(), static_cast<std::size_t>(codes.numel())});
  for (std::int64_t i = 0; i < codes.numel() / 3; ++i) {
    const float* c = codes.data<float>() + 3 * i;
    const bool good = std::min({c[0], c[1], c[2]}) >= 0.1f && std::max({c[0], c[1], c[2]}) <= 0.8f;
    const float factor = i < codes.numel() / 6 ? 0.125f : 5.0f;
    for (int k = 0; k < 3; ++k) light.mutable_data<float>()[3 * i + k] = good ? factor * c[k] : 1e6f;
  }
  const Variable line = leaf({3}, {0, 0.5, 1});
  const Floats ratio = exposure_ratio(Variable(codes), Variable(light), line).value().to_vector<float>();
  EXPECT_FLOAT_EQ(ratio.at(0), 8);
  EXPECT_FLOAT_EQ(ratio.at(1), 0.2f);
  const Variable grey = filled({1, 4, 5, 3}), dark(Tensor::zeros({1, 4, 5, 3}, DType::f32));
  EXPECT_EQ(exposure_ratio(grey, dark, line).value().item(), 1);  // light 0 tells nothing
}

TEST(OpRules, Expm1OfFloatsIsGoodToTheLastPlace) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto x = static_cast<float>(-std::exp(-20 + 25.0 * i / 200000));  // -2e-9 ... -148
    const double exact = std::expm1(static_cast<double>(x));
    const auto size = static_cast<float>(-exact);
    const double unit = static_cast<double>(std::nextafter(size, infinity)) - static_cast<double>(size);
    worst = std::max(worst, std::abs(static_cast<double>(expm1_below_zero(x)) - exact) / unit);
  }
  EXPECT_LE(worst, 1);
  EXPECT_EQ(expm1_below_zero(0.f), 0);
  EXPECT_EQ(expm1_below_zero(-infinity), -1);
  EXPECT_TRUE(std::isnan(expm1_below_zero(std::numeric_limits<float>::quiet_NaN())));
}

TEST(OpRules, TanhOfFloatsIsGoodToThreeUnitsInTheLastPlace) {
  double worst = 0;
  for (float x = 1e-30f; x < 30; x *= 1.0001f) {
    const double exact = std::tanh(static_cast<double>(x));
    const double unit = std::ldexp(1.0, std::ilogb(exact) - 23);
    worst = std::max(worst, std::abs(static_cast<double>(Tanh{}(x)) - exact) / unit);
    ASSERT_EQ(Tanh{}(-x), -Tanh{}(x));
  }
  EXPECT_LE(worst, 3);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Tanh{}(infinity), 1);
  EXPECT_EQ(Tanh{}(-infinity), -1);
  EXPECT_TRUE(std::signbit(Tanh{}(-0.f)));
  EXPECT_TRUE(std::isnan(Tanh{}(std::numeric_limits<float>::quiet_NaN())));
}

struct BadCall {
  const char* name;
  const char* says;  // what the message names as the fault
  std::function<void()> run;
};

Variable normalise(const Shape& x, const Shape& channels, const BatchNormDesc& desc = {}, DType parameter = DType::f32,
                   DType type = DType::f32) {
  Tensor mean = Tensor::zeros(channels, parameter), variance = Tensor::full(channels, 1, parameter);
  return batch_norm(filled(x, type), filled(channels, parameter), filled(channels, parameter), mean, variance, desc);
}

std::vector<BadCall> bad_calls() {
  const Variable x = filled({1, 3, 3, 4}), row = filled({1, 1, 3, 4}), vector = filled({4});
  const Variable half = filled({1, 3, 3, 4}, DType::bf16);
  return {
      {"add_extents", "operands of shapes [1, 3, 3, 4] and [1, 3, 2, 4]",
       [=] {
         add(x, filled({1, 3, 2, 4}));
       }},
      {"add_ranks", "operands of shapes [1, 3, 3, 4] and [4]", [=] { add(x, vector); }},
      {"mul_types", "operands in f32 on cpu and bf16 on cpu", [=] { mul(x, half); }},
      {"mean_of_nothing", "the mean of no elements, shape [1, 0, 3, 4]",
       [=] {
         mean(filled({1, 0, 3, 4}));
       }},
      {"squared_error_shapes", "the distance of [1, 3, 3, 4] in f32 and [1, 1, 3, 4] in f32",
       [=] { squared_error(x, row); }},
      {"squared_error_types", "the distance of [1, 3, 3, 4] in f32 and [1, 3, 3, 4] in bf16",
       [=] { squared_error(x, half); }},
      {"sum_per_image_rank", "expected images [N, H, W, C], got [4]", [=] { sum_per_image(vector); }},
      {"mean_per_image_rank", "expected images [N, H, W, C], got [4]", [=] { mean_per_image(vector); }},
      {"max_per_image_rank", "expected images [N, H, W, C], got [4]", [=] { max_per_image(vector); }},
      {"max_per_image_of_nothing", "expected images [N, H, W, C], got [1, 0, 3, 4]",
       [=] {
         max_per_image(filled({1, 0, 3, 4}));
       }},
      {"channel_max_rank", "expected an [N, H, W, C] shape, got [4]", [=] { channel_max(vector); }},
      {"channel_max_of_nothing", "the largest of no channels, shape [1, 3, 3, 0]",
       [=] {
         channel_max(filled({1, 3, 3, 0}));
       }},
      {"avg_pool_of_one_row", "a 2x2 pool on [1, 1, 3, 4]", [=] { avg_pool2d(row); }},
      {"max_pool_window_too_large", "a 2x2 window on a side of 1", [=] { max_pool2d(row); }},
      {"max_pool_padding", "max pool with kernel 2, stride 2, padding 2",
       [=] { max_pool2d(x, {.kernel = 2, .stride = 2, .padding = 2}); }},
      {"max_pool_stride", "max pool with kernel 2, stride 0, padding 0",
       [=] { max_pool2d(x, {.kernel = 2, .stride = 0}); }},
      {"max_pool_kernel", "max pool with kernel 16, stride 2, padding 8",
       [=] { max_pool2d(x, {.kernel = 16, .stride = 2, .padding = 8}); }},
      {"global_avg_pool_of_nothing", "the mean of no pixels, shape [1, 0, 3, 4]",
       [=] {
         global_avg_pool(filled({1, 0, 3, 4}));
       }},
      {"nearest_rank", "expected an [N, H, W, C] shape, got [4]", [=] { upsample_nearest2x(vector); }},
      {"bilinear_rank", "expected an [N, H, W, C] shape, got [4]", [=] { upsample_bilinear2x(vector); }},
      {"shuffle_channels", "pixel shuffle of [1, 2, 2, 6] by 2",
       [=] {
         pixel_shuffle(filled({1, 2, 2, 6}));
       }},
      {"shuffle_factor", "pixel shuffle of [1, 3, 3, 4] by 0", [=] { pixel_shuffle(x, 0); }},
      {"unshuffle_side", "pixel unshuffle of [1, 2, 3, 4] by 2",
       [=] {
         pixel_unshuffle(filled({1, 2, 3, 4}));
       }},
      {"unshuffle_factor", "pixel unshuffle of [1, 3, 3, 4] by 0", [=] { pixel_unshuffle(x, 0); }},
      {"resize_nothing", "bilinear samples of [1, 3, 3, 4] to 0 x 3", [=] { resize_bilinear(x, 0, 3); }},
      {"resize_of_nothing", "bilinear samples of [1, 0, 3, 4] to 2 x 2",
       [=] {
         resize_bilinear(filled({1, 0, 3, 4}), 2, 2);
       }},
      {"resize_rank", "expected an [N, H, W, C] shape, got [4]", [=] { resize_bilinear(vector, 2, 2); }},
      {"exposure_shapes", "the exposure of [1, 3, 4, 3] in f32 by a photograph [1, 3, 3, 3] in f32",
       [=] {
         exposure_ratio(filled({1, 3, 3, 3}), filled({1, 3, 4, 3}), vector);
       }},
      {"exposure_of_grey", "the exposure of [1, 1, 3, 4] in f32 by a photograph [1, 1, 3, 4] in f32",
       [=] { exposure_ratio(row, row, vector); }},
      {"exposure_curve", "curve of shape [1]",
       [=] {
         exposure_ratio(filled({1, 3, 3, 3}), filled({1, 3, 3, 3}), filled({1}));
       }},
      {"cosine_error_shapes", "the distance of [1, 3, 3, 4] in f32 and [1, 1, 3, 4] in f32",
       [=] { cosine_error(x, row); }},
      {"area_larger", "area average of [1, 3, 3, 4] to 4 x 3", [=] { area_downscale(x, 4, 3); }},
      {"area_nothing", "area average of [1, 3, 3, 4] to 0 x 3", [=] { area_downscale(x, 0, 3); }},
      {"concat_nothing", "concatenation of nothing", [=] { concat_channels({}); }},
      {"concat_sides", "concatenation of [1, 3, 3, 4] in f32 and [1, 1, 3, 4] in f32",
       [=] {
         concat_channels({x, row});
       }},
      {"concat_types", "concatenation of [1, 3, 3, 4] in f32 and [1, 3, 3, 4] in bf16",
       [=] {
         concat_channels({x, half});
       }},
      {"slice_too_many", "channels 2 to 5 of [1, 3, 3, 4]", [=] { slice_channels(x, 2, 3); }},
      {"slice_negative", "channels -1 to 1 of [1, 3, 3, 4]", [=] { slice_channels(x, -1, 2); }},
      {"slice_none", "channels 1 to 1 of [1, 3, 3, 4]", [=] { slice_channels(x, 1, 0); }},
      {"pad_negative", "padding of [1, 3, 3, 4] by -1, 0, 0, 0", [=] { reflect_pad(x, -1, 0); }},
      {"crop_outside", "3 x 3 pixels at row 1, column 0 of [1, 3, 3, 4]", [=] { crop(x, 1, 0, 3, 3); }},
      {"crop_nothing", "0 x 3 pixels at row 0, column 0 of [1, 3, 3, 4]", [=] { crop(x, 0, 0, 0, 3); }},
      {"reshape_elements", "cannot reshape [1, 3, 3, 4] to [35]", [=] { reshape(x, Shape{35}); }},
      {"batch_norm_channels", "weight of batch_norm: [3] in f32 for x [1, 3, 3, 4] in f32",
       [] {
         normalise({1, 3, 3, 4}, {3});
       }},
      {"batch_norm_one_value", "batch statistics of one value a channel, x [1, 1, 1, 4]",
       [] {
         normalise({1, 1, 1, 4}, {4}, {.training = true});
       }},
      {"batch_norm_rank", "batch_norm of [4]", [] { normalise({4}, {4}); }},
      {"batch_norm_half_parameters", "weight of batch_norm: [4] in bf16 for x [1, 3, 3, 4] in bf16",
       [] {
         normalise({1, 3, 3, 4}, {4}, {}, DType::bf16, DType::bf16);
       }},
      {"linear_inputs", "linear layer of x [2, 5] in f32 with weight [3, 4] in f32",
       [=] {
         linear(filled({2, 5}), filled({3, 4}));
       }},
      {"linear_image", "linear layer of x [1, 3, 3, 4] in f32 with weight [3, 4] in f32",
       [=] {
         linear(x, filled({3, 4}));
       }},
      {"linear_bias", "linear layer with weight [3, 4] and bias [4]",
       [=] {
         linear(filled({2, 4}), filled({3, 4}), filled({4}));
       }},
      {"linear_types", "linear layer of x [2, 4] in f32 with weight [3, 4] in bf16",
       [=] {
         linear(filled({2, 4}), filled({3, 4}, DType::bf16));
       }},
      {"undefined", "the variable is undefined", [] { add(Variable(), Variable()); }},
  };
}

TEST(OpRules, RefuseBadCalls) {
  for (const BadCall& call : bad_calls()) expect_refused(call.run, call.says, call.name);
}

}  // namespace
}  // namespace duhdr::test
