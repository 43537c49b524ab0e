// SPDX-License-Identifier: Apache-2.0
// Adam against the formula in plain double, what a bad gradient must not touch, the flat buffer of the optimiser, and
// learning rates.
#include "train/optimiser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/random.h"
#include "train/schedule.h"

namespace duhdr {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

std::vector<double> values_of(const Tensor& tensor) { return tensor.to(DType::f64).to_vector<double>(); }

Tensor tensor_of(const std::vector<double>& values, DType dtype) {
  return Tensor::of<double>(Shape{static_cast<std::int64_t>(values.size())}, values).to(dtype);
}

/// Numbers in [-1, 1), rounded to float: the same in both types.
std::vector<double> draws(std::int64_t n, std::uint64_t key) {
  const Philox philox(key, 5);
  std::vector<double> out;
  for (std::int64_t i = 0; i < n; ++i)
    out.push_back(static_cast<double>(static_cast<float>(2 * philox.uniform(static_cast<std::uint64_t>(i)) - 1)));
  return out;
}

/// Kingma and Ba's algorithm 1, one element after the other.
struct PlainAdam {
  std::vector<double> weight, first, second, average;
  int steps = 0;

  explicit PlainAdam(std::vector<double> start)
      : weight(std::move(start)), first(weight.size()), second(weight.size()), average(weight) {}

  double step(const std::vector<double>& gradient, const AdamDesc& desc, double learning_rate) {
    double square = 0;
    for (const double g : gradient) square += g * g;
    const double norm = std::sqrt(square);
    const double scale = desc.clip_norm > 0 ? std::min(1.0, desc.clip_norm / (norm + 1e-6)) : 1;
    ++steps;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      const double g = scale * gradient[i];
      first[i] = desc.beta1 * first[i] + (1 - desc.beta1) * g;
      second[i] = desc.beta2 * second[i] + (1 - desc.beta2) * g * g;
      const double m = first[i] / (1 - std::pow(desc.beta1, steps)), v = second[i] / (1 - std::pow(desc.beta2, steps));
      weight[i] -= learning_rate * m / (std::sqrt(v) + desc.eps);
      average[i] = desc.ema_decay * average[i] + (1 - desc.ema_decay) * weight[i];
    }
    return norm;
  }
};

AdamState state_of(const std::vector<double>& weights, DType dtype, bool with_average) {
  return AdamState::start(tensor_of(weights, dtype).clone(), with_average);
}

void step(AdamState& state, const AdamDesc& desc, double learning_rate, double loss = 1) {
  fill(state.learning_rate, learning_rate);
  adam_step(state, desc, Tensor::full(Shape{1}, loss, state.weights.dtype()));
}

void expect_near(const Tensor& found, const std::vector<double>& expected, double tolerance, const char* what) {
  const std::vector<double> values = values_of(found);
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << what << " " << i;
}

/// Float: a dozen roundings a step, 20 steps. Double: the same with 2^-53.
constexpr double float_tolerance = 2e-6, double_tolerance = 1e-14;

void follow(const AdamDesc& desc, double learning_rate, DType dtype) {
  constexpr std::int64_t n = 1000;
  const std::vector<double> start = draws(n, 1);
  PlainAdam plain(start);
  AdamState state = state_of(start, dtype, desc.ema_decay > 0);
  const double tolerance = dtype == DType::f32 ? float_tolerance : double_tolerance;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::vector<double> gradient = draws(n, 100 + i);
    copy(state.gradient, tensor_of(gradient, dtype));
    step(state, desc, learning_rate);
    const double norm = plain.step(gradient, desc, learning_rate);
    const std::vector<double> control = values_of(state.control);
    EXPECT_NEAR(control[AdamControl::norm], norm, 1e-12 * norm);
    EXPECT_EQ(control[AdamControl::steps], static_cast<double>(i + 1));
    EXPECT_EQ(control[AdamControl::skipped], 0);
  }
  expect_near(state.weights, plain.weight, tolerance, "weight");
  expect_near(state.first_moment, plain.first, tolerance, "first moment");
  expect_near(state.second_moment, plain.second, tolerance, "second moment");
  if (desc.ema_decay > 0) expect_near(state.average, plain.average, tolerance, "average");
}

TEST(Adam, FollowsTheFormula) {
  const AdamDesc plain;
  AdamDesc clipped, averaged, unusual{0.5, 0.9, 1e-2, 0, 0};
  clipped.clip_norm = 3;  // the norms are about 18
  averaged.ema_decay = 0.9;
  for (const auto& [desc, rate] : {std::pair{plain, 1e-2}, {clipped, 1e-2}, {averaged, 1e-2}, {unusual, 1e-1}})
    for (const DType dtype : {DType::f32, DType::f64}) {
      SCOPED_TRACE(desc.clip_norm);
      SCOPED_TRACE(name_of(dtype));
      follow(desc, rate, dtype);
    }
}

TEST(Adam, ASmallGradientIsNotClipped) {
  AdamDesc desc;
  AdamState free = state_of(draws(50, 1), DType::f32, false), bound = state_of(draws(50, 1), DType::f32, false);
  copy(free.gradient, tensor_of(draws(50, 2), DType::f32));
  copy(bound.gradient, free.gradient);
  step(free, desc, 1e-2);
  desc.clip_norm = 100;
  step(bound, desc, 1e-2);
  EXPECT_TRUE(same_bits(free.weights, bound.weights) && same_bits(free.first_moment, bound.first_moment));
}

TEST(Adam, ABadGradientChangesNothing) {
  for (const DType dtype : {DType::f32, DType::f64})
    for (const double clip : {0.0, 1.0})
      for (const double bad : {std::nan(""), infinity, -infinity}) {
        const AdamDesc desc{.clip_norm = clip, .ema_decay = 0.9};
        AdamState state = state_of(draws(300, 1), dtype, true);
        copy(state.gradient, tensor_of(draws(300, 2), dtype));
        step(state, desc, 1e-2);
        const Tensor before[] = {state.weights.clone(), state.first_moment.clone(), state.second_moment.clone(),
                                 state.average.clone()};
        std::vector<double> gradient = draws(300, 3);
        gradient[299] = bad;
        copy(state.gradient, tensor_of(gradient, dtype));
        step(state, desc, 1e-2);
        EXPECT_EQ(values_of(state.control)[AdamControl::skipped], 1);
        EXPECT_EQ(values_of(state.control)[AdamControl::steps], 1);
        EXPECT_TRUE(same_bits(state.weights, before[0]));
        EXPECT_TRUE(same_bits(state.first_moment, before[1]));
        EXPECT_TRUE(same_bits(state.second_moment, before[2]));
        EXPECT_TRUE(same_bits(state.average, before[3]));
        copy(state.gradient, tensor_of(draws(300, 4), dtype));
        step(state, desc, 1e-2);
        EXPECT_EQ(values_of(state.control)[AdamControl::skipped], 0);
        EXPECT_EQ(values_of(state.control)[AdamControl::steps], 2);
        EXPECT_FALSE(same_bits(state.weights, before[0]));
      }
}

TEST(Adam, ABadLossChangesNothing) {
  for (const DType dtype : {DType::f32, DType::f64})
    for (const double bad : {std::nan(""), infinity, -infinity}) {
      AdamState state = state_of(draws(300, 1), dtype, true);
      copy(state.gradient, tensor_of(draws(300, 2), dtype));
      const Tensor weights = state.weights.clone(), written = tensor_of(draws(40, 3), dtype);
      Tensor values = tensor_of(draws(40, 4), dtype).clone();
      step(state, {.ema_decay = 0.9}, 1e-2, bad);
      EXPECT_EQ(values_of(state.control)[AdamControl::skipped], 1);
      EXPECT_EQ(values_of(state.control)[AdamControl::steps], 0);
      EXPECT_TRUE(same_bits(state.weights, weights));
      undo_if_skipped(state, values, written);
      EXPECT_TRUE(same_bits(values, written)) << "what the forward pass wrote is put back";
      step(state, {.ema_decay = 0.9}, 1e-2);
      EXPECT_EQ(values_of(state.control)[AdamControl::skipped], 0);
      undo_if_skipped(state, values, tensor_of(draws(40, 5), dtype));
      EXPECT_TRUE(same_bits(values, written)) << "and kept after a step that counts";
    }
}

/// Finite, but its square is not: a second moment of infinity would stop the weight for ever and spoil checkpoints.
TEST(Adam, AHugeGradientLeavesOnlyFiniteNumbers) {
  for (const double clip : {0.0, 1.0})
    for (const double size : {1e18, 1e20, 1e38}) {
      AdamState state = state_of(draws(100, 1), DType::f32, true);
      std::vector<double> gradient = draws(100, 2);
      gradient[7] = -size;
      copy(state.gradient, tensor_of(gradient, DType::f32));
      step(state, {.clip_norm = clip, .ema_decay = 0.9}, 1e-2);
      for (const Tensor& tensor : {state.weights, state.first_moment, state.second_moment, state.average})
        for (const double value : values_of(tensor)) ASSERT_TRUE(std::isfinite(value)) << size << " " << clip;
    }
}

// ---------------------------------------------------------------------------------------------------- the flat buffer

class Flat : public testing::Test {
 protected:
  static Optimiser::Outcome step(Optimiser& optimiser, double rate) {
    optimiser.set_learning_rate(rate);
    optimiser.step(Tensor::full(Shape{1}, 1, DType::f32));
    return optimiser.outcome();
  }

  static constexpr std::int64_t length = 16 + 16 + 32;  // 3, 10 and 17 elements, each from a multiple of 16

  std::vector<NamedVariable> parameters_{{"a", Variable(tensor_of(draws(3, 1), DType::f32), true)},
                                         {"b", Variable(tensor_of(draws(10, 2), DType::f32).reshape({2, 5}), true)},
                                         {"c", Variable(tensor_of(draws(17, 3), DType::f32), true)}};

  std::vector<double> all() const {
    std::vector<double> out;
    for (const NamedVariable& named : parameters_)
      for (const double value : values_of(named.variable.value())) out.push_back(value);
    return out;
  }
  void give_gradients(const std::vector<double>& values) {
    std::size_t at = 0;
    for (NamedVariable& named : parameters_) {
      const auto n = static_cast<std::size_t>(named.variable.value().numel());
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at);
      named.variable.backward(
          tensor_of({begin, begin + static_cast<std::ptrdiff_t>(n)}, DType::f32).reshape(named.variable.shape()));
      at += n;
    }
  }
  static void expect_empty_gaps(const Tensor& flat) {
    ASSERT_EQ(flat.shape(), Shape{length});
    const std::vector<double> values = values_of(flat);
    for (const auto& [begin, end] : {std::pair{3, 16}, {26, 32}, {49, 64}})
      for (int i = begin; i < end; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], 0) << i;
  }
};

TEST_F(Flat, ParametersBecomeViews) {
  const std::vector<double> before = all();
  Optimiser optimiser(parameters_, {});
  EXPECT_EQ(all(), before);
  const std::byte* begin = parameters_[0].variable.value().raw();
  EXPECT_EQ(parameters_[1].variable.value().raw() - begin, 16 * 4);
  EXPECT_EQ(parameters_[2].variable.value().raw() - begin, 32 * 4);
  EXPECT_EQ(parameters_[1].variable.shape(), (Shape{2, 5}));
}

TEST_F(Flat, StepsAsOneVectorAndKeepsItsGapsEmpty) {
  const AdamDesc desc{.clip_norm = 1, .ema_decay = 0.5};
  Optimiser optimiser(parameters_, desc);
  PlainAdam plain(all());
  for (std::uint64_t i = 0; i < 5; ++i) {
    const std::vector<double> gradient = draws(30, 10 + i);
    give_gradients(gradient);
    const double rate = 0.01 * static_cast<double>(i + 1);
    const Optimiser::Outcome result = step(optimiser, rate);
    EXPECT_FALSE(result.skipped);
    EXPECT_NEAR(result.gradient_norm, plain.step(gradient, desc, rate), 1e-6);
    for (const NamedVariable& named : parameters_) EXPECT_FALSE(named.variable.grad().defined());
  }
  expect_near(tensor_of(all(), DType::f64), plain.weight, float_tolerance, "weight");
  for (const auto& [name, tensor] : optimiser.state())
    if (name != "adam.control") expect_empty_gaps(tensor);
  optimiser.exchange_averages();
  expect_near(tensor_of(all(), DType::f64), plain.average, float_tolerance, "average");
}

TEST_F(Flat, NoGradientCountsAsZero) {
  Optimiser optimiser(parameters_, {});
  const std::vector<double> before = all();
  parameters_[1].variable.backward(tensor_of(draws(10, 4), DType::f32).reshape({2, 5}));
  step(optimiser, 0.1);
  const std::vector<double> after = all();
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i] == before[i], i < 3 || i >= 13) << i;
  parameters_[0].variable.backward(tensor_of(draws(3, 4), DType::f32));
  step(optimiser, 0.1);  // the gradient of b is not seen twice, its momentum is
  EXPECT_NE(all()[0], after[0]);
}

TEST_F(Flat, ABadGradientIsForgotten) {
  Optimiser optimiser(parameters_, {.ema_decay = 0.5});
  give_gradients(draws(30, 4));
  step(optimiser, 0.1);
  const std::vector<double> before = all();
  std::map<std::string, Tensor> state;
  for (const auto& [name, tensor] : optimiser.state()) state[name] = tensor.clone();
  std::vector<double> gradient = draws(30, 5);
  gradient[11] = std::nan("");
  give_gradients(gradient);
  EXPECT_TRUE(step(optimiser, 0.1).skipped);
  EXPECT_EQ(all(), before);
  for (const char* name : {"adam.first_moment", "adam.second_moment", "adam.average"})
    EXPECT_TRUE(same_bits(optimiser.state().at(name), state.at(name))) << name;
  give_gradients(draws(30, 6));
  EXPECT_FALSE(step(optimiser, 0.1).skipped);
}

TEST_F(Flat, AveragesAreExchangedAndAdopted) {
  Optimiser optimiser(parameters_, {.ema_decay = 0.5});
  const std::vector<double> start = all();
  optimiser.exchange_averages();
  EXPECT_EQ(all(), start) << "averages begin at the weights";
  optimiser.exchange_averages();
  give_gradients(draws(30, 4));
  step(optimiser, 0.1);
  const std::vector<double> weights = all();
  optimiser.exchange_averages();
  const std::vector<double> averages = all();
  for (std::size_t i = 0; i < start.size(); ++i) EXPECT_NEAR(averages[i], (start[i] + weights[i]) / 2, 1e-6);
  optimiser.exchange_averages();
  EXPECT_EQ(all(), weights);
  optimiser.adopt_averages();
  EXPECT_EQ(all(), averages);
}

TEST_F(Flat, WithoutAveragesNothingIsExchanged) {
  Optimiser optimiser(parameters_, {});
  give_gradients(draws(30, 4));
  step(optimiser, 0.1);
  const std::vector<double> weights = all();
  optimiser.exchange_averages();
  EXPECT_EQ(all(), weights);
  optimiser.adopt_averages();
  EXPECT_EQ(all(), weights);
  EXPECT_FALSE(optimiser.state().contains("adam.average"));
}

TEST_F(Flat, StateGoesThereAndBack) {
  const AdamDesc desc{.ema_decay = 0.9};
  Optimiser first(parameters_, desc);
  for (std::uint64_t i = 0; i < 3; ++i) {
    give_gradients(draws(30, 10 + i));
    step(first, 0.1);
  }
  std::map<std::string, Tensor> saved;
  for (const auto& [name, tensor] : first.state()) saved[name] = tensor.clone();
  const std::vector<double> weights = all();
  give_gradients(draws(30, 20));
  step(first, 0.1);
  const std::vector<double> expected = all();

  std::size_t at = 0;
  for (NamedVariable& named : parameters_) {
    const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(at);
    const std::int64_t n = named.variable.value().numel();
    named.variable.set_value(tensor_of({begin, begin + n}, DType::f32).reshape(named.variable.shape()));
    at += static_cast<std::size_t>(n);
  }
  Optimiser second(parameters_, desc);
  second.set_state(saved);
  give_gradients(draws(30, 20));
  step(second, 0.1);
  EXPECT_EQ(all(), expected);
  for (const auto& [name, tensor] : first.state()) EXPECT_TRUE(same_bits(second.state().at(name), tensor)) << name;

  for (const auto& [name, tensor] : saved) {
    auto wrong = saved;
    wrong.erase(name);
    EXPECT_THROW(second.set_state(wrong), Error) << name;
    wrong[name] = Tensor::zeros({3}, tensor.dtype());
    EXPECT_THROW(second.set_state(wrong), Error) << name;
    wrong[name] = tensor.to(DType::bf16);
    EXPECT_THROW(second.set_state(wrong), Error) << name;
  }
}

// ------------------------------------------------------------------------------------------------------ learning rates

TEST(LearningRates, Constant) {
  const LearningRate rate{.start = 0.25};
  for (const std::int64_t step : {0, 1, 50, 99}) EXPECT_EQ(rate.at(step, 100), 0.25);
}

TEST(LearningRates, CosineEndsAtItsFactor) {
  const LearningRate rate{.kind = LearningRate::Kind::cosine, .start = 0.5, .end_factor = 0.125};
  EXPECT_EQ(rate.at(0, 101), 0.5);
  EXPECT_NEAR(rate.at(50, 101), 0.5 * (1 + 0.125) / 2, 1e-15);
  EXPECT_NEAR(rate.at(25, 101), 0.5 * (0.125 + 0.875 * (0.5 + std::sqrt(0.125))), 1e-15);
  EXPECT_EQ(rate.at(100, 101), 0.0625);
  EXPECT_EQ(rate.at(500, 101), 0.0625);
  for (std::int64_t step = 1; step <= 100; ++step) EXPECT_LT(rate.at(step, 101), rate.at(step - 1, 101));
  EXPECT_EQ(rate.at(0, 1), 0.0625);
}

TEST(LearningRates, StepsFallAtTheirMultiples) {
  const LearningRate rate{.kind = LearningRate::Kind::step, .start = 1, .step_factor = 0.5, .step_every = 10};
  EXPECT_EQ(rate.at(0, 100), 1);
  EXPECT_EQ(rate.at(9, 100), 1);
  EXPECT_EQ(rate.at(10, 100), 0.5);
  EXPECT_EQ(rate.at(19, 100), 0.5);
  EXPECT_EQ(rate.at(20, 100), 0.25);
  EXPECT_EQ(rate.at(99, 100), std::ldexp(1.0, -9));
}

TEST(LearningRates, WarmupRisesInALine) {
  for (const auto kind : {LearningRate::Kind::constant, LearningRate::Kind::cosine, LearningRate::Kind::step}) {
    const LearningRate cold{.kind = kind, .start = 1, .step_every = 3};
    LearningRate warm = cold;
    warm.warmup = 8;
    for (std::int64_t step = 0; step < 20; ++step)
      EXPECT_EQ(warm.at(step, 20), cold.at(step, 20) * std::min(1.0, static_cast<double>(step + 1) / 8)) << step;
  }
}

}  // namespace
}  // namespace duhdr
