// SPDX-License-Identifier: Apache-2.0
// Every row of the op case table: gradients against central differences in double, f32 against double, bf16 against
// f32, the same bits on every run and for any number of threads. And every op has a row.
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
               1e-10);
}

TEST_P(Op, Bf16AgreesWithFloat) {
  const OpCase& op_case = GetParam();
  if (op_case.bf16_limit == 0) GTEST_SKIP() << "not defined for bf16";
  const std::vector<Variable> rounded = make_inputs(op_case, DType::bf16);
  std::vector<Variable> inputs;
  for (const Variable& input : rounded) inputs.emplace_back(input.value().to(DType::f32), input.requires_grad());
  expect_close(evaluate(op_case, rounded, DType::bf16), evaluate(op_case, inputs, DType::bf16), op_case.bf16_limit);
}

/// The shapes of a case with `factor` times its batch, the first extent that inputs share with the first input.
std::vector<Shape> with_batch(const OpCase& op_case, std::int64_t factor) {
  std::vector<Shape> shapes;
  const Shape first = op_case.inputs.front().shape;
  for (const OpInput& input : op_case.inputs) {
    const bool batched = first.rank() >= 2 && first[0] > 1 && input.shape.rank() >= 2 && input.shape[0] == first[0];
    shapes.push_back(batched ? input.shape.with(0, factor * first[0]) : input.shape);
  }
  return shapes;
}

/// The shapes of a case with a batch large enough for several threads; none (as they are) where a weight's first
/// extent only looks like the batch, so that a doubled batch is refused or does more than double the result.
std::vector<Shape> many_images(const OpCase& op_case) {
  constexpr std::int64_t elements = 40000;
  const NoGrad no_grad;
  const auto result_size = [&](const std::vector<Shape>& shapes) {
    return op_case.run(make_inputs(op_case, DType::f32, Device::cpu(), shapes)).value().numel();
  };
  try {
    if (result_size(with_batch(op_case, 2)) > 2 * result_size({})) return {};
  } catch (const Error&) {
    return {};
  }
  return with_batch(op_case, 1 + elements / op_case.inputs.front().shape.numel());
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

struct BadCall {
  const char* name;
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
      {"add_extents",
       [=] {
         add(x, filled({1, 3, 2, 4}));
       }},
      {"add_ranks", [=] { add(x, vector); }},
      {"mul_types", [=] { mul(x, half); }},
      {"mean_of_nothing",
       [=] {
         mean(filled({1, 0, 3, 4}));
       }},
      {"squared_error_shapes", [=] { squared_error(x, row); }},
      {"squared_error_types", [=] { squared_error(x, half); }},
      {"sum_per_image_rank", [=] { sum_per_image(vector); }},
      {"mean_per_image_rank", [=] { mean_per_image(vector); }},
      {"max_per_image_rank", [=] { max_per_image(vector); }},
      {"max_per_image_of_nothing",
       [=] {
         max_per_image(filled({1, 0, 3, 4}));
       }},
      {"channel_max_rank", [=] { channel_max(vector); }},
      {"channel_max_of_nothing",
       [=] {
         channel_max(filled({1, 3, 3, 0}));
       }},
      {"avg_pool_of_one_row", [=] { avg_pool2d(row); }},
      {"max_pool_window_too_large", [=] { max_pool2d(row); }},
      {"max_pool_padding", [=] { max_pool2d(x, {.kernel = 2, .stride = 2, .padding = 2}); }},
      {"max_pool_stride", [=] { max_pool2d(x, {.kernel = 2, .stride = 0}); }},
      {"max_pool_kernel", [=] { max_pool2d(x, {.kernel = 16, .stride = 2, .padding = 8}); }},
      {"global_avg_pool_of_nothing",
       [=] {
         global_avg_pool(filled({1, 0, 3, 4}));
       }},
      {"nearest_rank", [=] { upsample_nearest2x(vector); }},
      {"bilinear_rank", [=] { upsample_bilinear2x(vector); }},
      {"shuffle_channels",
       [=] {
         pixel_shuffle(filled({1, 2, 2, 6}));
       }},
      {"shuffle_factor", [=] { pixel_shuffle(x, 0); }},
      {"unshuffle_side",
       [=] {
         pixel_unshuffle(filled({1, 2, 3, 4}));
       }},
      {"unshuffle_factor", [=] { pixel_unshuffle(x, 0); }},
      {"resize_nothing", [=] { resize_bilinear(x, 0, 3); }},
      {"resize_of_nothing",
       [=] {
         resize_bilinear(filled({1, 0, 3, 4}), 2, 2);
       }},
      {"resize_rank", [=] { resize_bilinear(vector, 2, 2); }},
      {"exposure_shapes",
       [=] {
         exposure_ratio(filled({1, 3, 3, 3}), filled({1, 3, 4, 3}), vector);
       }},
      {"exposure_of_grey", [=] { exposure_ratio(row, row, vector); }},
      {"exposure_curve",
       [=] {
         exposure_ratio(filled({1, 3, 3, 3}), filled({1, 3, 3, 3}), filled({1}));
       }},
      {"cosine_error_shapes", [=] { cosine_error(x, row); }},
      {"area_larger", [=] { area_downscale(x, 4, 3); }},
      {"area_nothing", [=] { area_downscale(x, 0, 3); }},
      {"concat_nothing", [=] { concat_channels({}); }},
      {"concat_sides",
       [=] {
         concat_channels({x, row});
       }},
      {"concat_types",
       [=] {
         concat_channels({x, half});
       }},
      {"slice_too_many", [=] { slice_channels(x, 2, 3); }},
      {"slice_negative", [=] { slice_channels(x, -1, 2); }},
      {"slice_none", [=] { slice_channels(x, 1, 0); }},
      {"pad_negative", [=] { reflect_pad(x, -1, 0); }},
      {"crop_outside", [=] { crop(x, 1, 0, 3, 3); }},
      {"crop_nothing", [=] { crop(x, 0, 0, 0, 3); }},
      {"reshape_elements", [=] { reshape(x, Shape{35}); }},
      {"batch_norm_channels",
       [] {
         normalise({1, 3, 3, 4}, {3});
       }},
      {"batch_norm_one_value",
       [] {
         normalise({1, 1, 1, 4}, {4}, {.training = true});
       }},
      {"batch_norm_rank", [] { normalise({4}, {4}); }},
      {"batch_norm_half_parameters",
       [] {
         normalise({1, 3, 3, 4}, {4}, {}, DType::bf16, DType::bf16);
       }},
      {"linear_inputs",
       [=] {
         linear(filled({2, 5}), filled({3, 4}));
       }},
      {"linear_image",
       [=] {
         linear(x, filled({3, 4}));
       }},
      {"linear_bias",
       [=] {
         linear(filled({2, 4}), filled({3, 4}), filled({4}));
       }},
      {"linear_types",
       [=] {
         linear(filled({2, 4}), filled({3, 4}, DType::bf16));
       }},
      {"undefined", [] { add(Variable(), Variable()); }},
  };
}

TEST(OpRules, RefuseBadCalls) {
  for (const BadCall& call : bad_calls()) EXPECT_THROW(call.run(), Error) << call.name;
}

}  // namespace
}  // namespace duhdr::test
