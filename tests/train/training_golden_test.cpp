// SPDX-License-Identifier: Apache-2.0
// Ten steps of every training stage against tests/golden/data/training: losses, their terms, norms of gradients,
// weights and running statistics. In double they must agree to rounding; that is the proof. In float they must agree as
// far as no ReLU, max-pool or curve segment decides the other way. And the loss of every stage against differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/arithmetic.h"
#include "kernels/camera/curve.h"
#include "kernels/camera/truncation.h"
#include "tests/cases/training_case.h"
#include "tests/support/golden_files.h"

namespace duhdr::test {
namespace {

Tensor vector_of(const std::vector<double>& values) {
  return Tensor::of<double>({static_cast<std::int64_t>(values.size())}, values);
}

double norm(const Tensor& a, const Tensor* b = nullptr) {
  double square = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    const double difference = a.data<double>()[i] - (b ? b->data<double>()[i] : 0);
    square += difference * difference;
  }
  return std::sqrt(square);
}

std::string_view after_slash(std::string_view name) { return name.substr(name.find('/') + 1); }

bool belongs_to(std::string_view tensor, const Stage& stage) {
  return std::ranges::any_of(stage.trained, [&](std::string_view network) {
    return after_slash(tensor).starts_with(std::string(network) + '.');
  });
}

struct Run {
  Tensors start, result;  // `result` has what the file has
  bool whole;             // all steps were done
};

/// The first `steps` steps. What the stage does not train must stay as it is to the bit.
Run train(const TrainingCase& c, DType dtype, std::int64_t steps) {
  Networks networks(c, dtype);
  Run run{networks.state(), {}, steps == c.steps()};
  const Stage& stage = c.stage();
  const LossOptions options = loss_options(c);
  StageTrainer trainer(stage, networks.model, networks.vgg, options, adam_of(c), false);
  std::map<std::string, std::vector<double>> records;
  for (std::int64_t step = 0; step < steps; ++step) {
    const StepResult result = trainer.step(batch_of(c, step), c.learning_rate());
    EXPECT_FALSE(result.skipped) << "step " << step;
    records["loss"].push_back(result.loss);
    records["gradient_norm"].push_back(result.gradient_norm);
    for (const auto& [name, value] : result.terms) records["terms/" + name].push_back(value);
  }
  for (const auto& [name, values] : records) run.result.emplace(name, vector_of(values));
  for (const auto& [name, tensor] : networks.state()) {
    if (belongs_to(name, stage))
      run.result.emplace(name, tensor);
    else
      EXPECT_EQ(norm(tensor, &run.start.at(name)), 0) << name << " is not trained";
  }
  if (c.options.contains("ema_decay")) {
    trainer.optimiser().exchange_averages();
    for (const auto& [name, tensor] : networks.state())
      if (name.starts_with("weight/") && belongs_to(name, stage))
        run.result.emplace("ema/" + std::string(after_slash(name)), tensor);
  }
  return run;
}

// ------------------------------------------------------------------------------------------------------ the comparison

/// The largest error of a kind, and where.
struct Worst {
  double error = 0;
  std::string name = "none";

  void add(double e, const std::string& n) {
    if (e <= error || std::isnan(error)) return;  // a NaN stays
    error = e;
    name = n;
  }
};

struct Errors {
  Worst loss;         // relative, of every step
  Worst term;         // of the loss, unweighted; relative, of every step
  Worst norm;         // of the gradient; relative, of every step
  Worst tensor;       // distance from the expected weights as a share of the way that they went; each tensor
  double weights;     // the same of all tensors together
  Worst statistics;   // relative distance of running statistics
  Worst zero_weight;  // distance of weights whose gradient vanishes by construction
};

/// Of the elements that `value` has, the first of `expected`.
double largest_relative(const Tensor& value, const Tensor& expected) {
  double largest = 0;
  for (std::int64_t i = 0; i < value.numel(); ++i) {
    const double error = std::abs(value.data<double>()[i] / expected.data<double>()[i] - 1);
    if (!(error <= largest)) largest = error;  // a NaN stays
  }
  return largest;
}

/// Weights and running statistics are compared only when all steps were done.
Errors errors_of(const TrainingCase& c, const Run& run) {
  Errors errors;
  double distance = 0, way = 0;
  for (const auto& [name, expected] : c.expected) {
    const auto found = run.result.find(name);
    if (found == run.result.end()) {
      ADD_FAILURE() << name << " is missing";
      continue;
    }
    const Tensor& value = found->second;
    const std::string parameter(after_slash(name));
    if (name == "loss") {
      errors.loss.add(largest_relative(value, expected), name);
    } else if (name == "gradient_norm") {
      errors.norm.add(largest_relative(value, expected), name);
    } else if (name.starts_with("terms/")) {
      errors.term.add(largest_relative(value, expected), name);
    } else if (!run.whole) {
      continue;
    } else if (name.starts_with("buffer/")) {
      errors.statistics.add(norm(value, &expected) / norm(expected), name);
    } else if (c.zero_gradients.contains(parameter)) {
      errors.zero_weight.add(norm(value, &expected), name);
    } else {
      const double d = norm(value, &expected), w = norm(expected, &run.start.at("weight/" + parameter));
      errors.tensor.add(d / w, name);
      distance += d * d;
      way += w * w;
    }
  }
  errors.weights = run.whole ? std::sqrt(distance / way) : 0;
  for (const auto& [name, value] : run.result) EXPECT_TRUE(c.expected.contains(name)) << name << " is not in the file";
  return errors;
}

struct Limits {
  double loss, term, norm, tensor, weights, statistics, zero_weight;
};

void expect_training(const TrainingCase& c, DType dtype, std::int64_t steps, const Limits& limits) {
  const Errors e = errors_of(c, train(c, dtype, steps));
  EXPECT_LE(e.loss.error, limits.loss);
  EXPECT_LE(e.term.error, limits.term) << e.term.name;
  EXPECT_LE(e.norm.error, limits.norm);
  EXPECT_LE(e.tensor.error, limits.tensor) << e.tensor.name;
  EXPECT_LE(e.weights, limits.weights);
  EXPECT_LE(e.statistics.error, limits.statistics) << e.statistics.name;
  EXPECT_LE(e.zero_weight.error, limits.zero_weight) << e.zero_weight.name;
  std::printf("%-21s %s  loss %.1e  term %.1e  norm %.1e  weights %.1e (%.1e %s)  statistics %.1e  zero %.1e\n",
              c.name.c_str(), name_of(dtype), e.loss.error, e.term.error, e.norm.error, e.weights, e.tensor.error,
              e.tensor.name.c_str(), e.statistics.error, e.zero_weight.error);
}

/// Measured: 2e-13, 2e-13, 6e-13, 7e-12, 2e-12, 4e-11, 3e-11.
constexpr Limits double_limits{1e-11, 1e-11, 1e-11, 1e-9, 1e-10, 1e-9, 1e-9};

/// Losses: one code that the quantiser rounds the other way is 1e-6. Weights: ten steps of 1e-5 are 800 units in the
/// last place of a BatchNorm weight; tensors of a few elements may have one whose gradient is noise, and Adam moves it
/// as far as any other. The same moves the biases whose gradient vanishes, and by them a running mean. Measured: 3e-6,
/// 1e-5, 1e-3, 3e-2, 7e-4, 3e-5, 2e-5; PyTorch in float32 against itself in float64: 3e-6, -, 3e-4, 2e-1, -, 8e-5, -.
constexpr Limits float_limits{1e-5, 1e-4, 1e-2, 0.5, 1e-2, 1e-3, 1e-3};

/// Cases in which a ReLU, a max-pool or a segment of the curve near its kink decides otherwise in float than in double:
/// through batch statistics of eight values, three passes or two curves every later step differs a little more. Which
/// of them do it depends on the order in which convolutions add. In double all of them agree, and in float all that
/// were tried do when the way forward is the reference loops' (see network_test.cpp). `loss`, `weights`: the largest
/// measured.
constexpr Limits flipped_limits{1e-2, 2e-2, 0.5, 1, 0.3, 1e-2, 1e-3};
struct Flipped {
  std::string_view name;
  double loss, weights;
};
constexpr Flipped flipped_cases[] = {
    {"dnm-joint", 2.4e-6, 1.1e-3},
    {"dnm-joint_paired", 8.8e-5, 3.2e-3},
    {"dnm-unpaired", 1.6e-3, 2.5e-2},
    {"finetune", 5.4e-6, 1.2e-3},
    {"finetune_crfnet_conv", 1.1e-5, 3.2e-3},
    {"itnet-joint", 6.3e-5, 3.1e-2},
    {"oonet", 1.1e-5, 1.3e-2},
    {"itnet-joint_literal", 3.7e-5, 3.1e-2},
    {"itnet-joint_paired", 1.1e-4, 7.2e-2},
    {"itnet-unpaired", 3.5e-6, 1.3e-2},
    {"itnet_l1_tv_raw", 1.4e-4, 1.3e-2},
    {"oonet-unpaired", 5.1e-5, 6.0e-3},
};

Limits float_limits_of(const std::string& name) {
  const bool flipped = std::ranges::any_of(flipped_cases, [&](const Flipped& f) { return f.name == name; });
  return flipped ? flipped_limits : float_limits;
}

/// Double convolutions are the plain reference loops, and these cases the longest: five steps, of which one drops an
/// image, prove the gradient and the update by the losses that follow.
constexpr std::string_view slow_in_double[] = {"dnm-joint_paired",     "dnm-unpaired",   "finetune",
                                               "finetune_crfnet_conv", "oonet-unpaired", "oonet_log_l1"};

std::int64_t double_steps(const TrainingCase& c) {
  const bool slow = std::ranges::find(slow_in_double, c.name) != std::end(slow_in_double);
  return slow && std::getenv("DUHDR_SLOW_TESTS") == nullptr ? dropping_step + 2 : c.steps();
}

class Training : public testing::TestWithParam<std::filesystem::path> {};
INSTANTIATE_TEST_SUITE_P(Golden, Training, testing::ValuesIn(golden_files("training")),
                         [](const testing::TestParamInfo<std::filesystem::path>& file) {
                           std::string name = file.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(Training, AgreesInDouble) {
  const TrainingCase c = read_case(GetParam());
  expect_training(c, DType::f64, double_steps(c), double_limits);
}

TEST_P(Training, AgreesInFloat) {
  const TrainingCase c = read_case(GetParam());
  expect_training(c, DType::f32, c.steps(), float_limits_of(c.name));
}

TEST(TrainingFiles, EveryStageHasOne) {
  std::set<std::string> found;
  for (const std::filesystem::path& path : golden_files("training")) found.insert(path.stem().string());
  for (const Stage& stage : all_stages()) EXPECT_TRUE(found.contains(std::string(stage.name))) << stage.name;
}

// ---------------------------------------------------------------------------------------------------- the derivatives

/// The photograph of a stage before its quantiser; only DuHDR has one.
Variable unquantised(const StageContext& c, const Stage& stage, const StageBatch& batch) {
  if (stage.family != "duhdr") return batch.ldr;
  const auto& model = dynamic_cast<const DuHdr&>(c.model);
  if (stage.name != "oonet-unpaired") return model.dnet()(batch.ldr);
  const Variable n = model.dnet()(batch.ldr);
  const Variable clip = apply_curve(model.innet()(n), n);
  const Variable seen = truncation(model.oonet()(model.itnet()(clip), clip, n));
  return apply_curve(model.nnet()(seen), seen);
}

/// The loss with the quantiser replaced by what its gradient is the derivative of: the clamp, plus the step that Q
/// makes at the start (`rounding`), a constant. Without a quantiser it is the loss itself.
double smooth_loss(const StageContext& c, const Stage& stage, const StageBatch& batch, const Tensor& rounding) {
  const NoGrad no_grad;
  double loss = 0;
  for (const LossTerm& term : stage.loss(c, batch)) {
    const bool quantised = term.name == "quantised" || term.name == "ldr";
    const Variable photograph =
        quantised ? add(clamp(unquantised(c, stage, batch), 0, 1), Variable(rounding)) : Variable();
    const Variable value = quantised ? squared_error(photograph, batch.ldr, {.image = batch.weight}) : term.value;
    loss += term.weight * value.value().item();
  }
  return loss;
}

/// Along one direction of all trained parameters, each moving by a share of its own size.
TEST_P(Training, GradientIsTheDerivative) {
  const TrainingCase c = read_case(GetParam());
  Networks networks(c, DType::f64);
  const Stage& stage = c.stage();
  prepare(stage, networks.model, false);
  const LossOptions options = loss_options(c);
  const StageContext context{networks.model, networks.vgg, options};
  const Batch samples = batch_of(c, 0);
  StageBatch batch = empty_like(samples, Device::cpu(), DType::f64);
  copy(batch, samples);
  const Variable photograph = unquantised(context, stage, batch).detach();
  const Tensor rounding = sub(quantise(photograph), clamp(photograph, 0, 1)).value();
  std::vector<std::pair<Variable, Tensor>> statistics;  // Nnet in evaluation mode makes the target of pairs with them
  for (NamedVariable& named : networks.model.buffers())
    statistics.emplace_back(named.variable, named.variable.value().clone());
  total(stage.loss(context, batch)).backward();

  std::vector<std::pair<Variable, Tensor>> start;
  std::vector<Tensor> directions;
  double analytic = 0;
  for (NamedVariable& named : networks.model.parameters()) {
    if (!belongs_to(named.name, stage)) continue;
    // Of pairs, Nnet also makes the target of Eq. 13, a constant that differences would move.
    if (c.paired() && stage.name == "dnm-joint" && named.name.starts_with("nnet.")) continue;
    Tensor direction = filled(named.variable.shape(), "direction/" + named.name, {-1, 1}).to(DType::f64);
    const Tensor value = named.variable.value().clone();
    for (std::int64_t i = 0; i < direction.numel(); ++i) {
      direction.mutable_data<double>()[i] *= value.data<double>()[i];
      if (named.variable.grad().defined())
        analytic += direction.data<double>()[i] * named.variable.grad().data<double>()[i];
    }
    start.emplace_back(named.variable, value);
    directions.push_back(direction);
  }
  const auto loss_at = [&](double distance) {
    for (auto& [variable, value] : statistics) variable.set_value(value.clone());
    for (std::size_t k = 0; k < start.size(); ++k) {
      Tensor moved = start[k].second.clone();
      for (std::int64_t i = 0; i < moved.numel(); ++i)
        moved.mutable_data<double>()[i] += distance * directions[k].data<double>()[i];
      start[k].first.set_value(moved);
    }
    return smooth_loss(context, stage, batch, rounding);
  };
  constexpr double step = 1e-7;
  const double numeric = (loss_at(step) - loss_at(-step)) / (2 * step);
  const double error = std::abs(analytic / numeric - 1);
  std::printf("%-21s gradient %.1e\n", c.name.c_str(), error);
  EXPECT_LE(error, 1e-3);  // measured: 2e-5 where a kink lies between the two points, 3e-7 elsewhere
}

}  // namespace
}  // namespace duhdr::test
