// SPDX-License-Identifier: Apache-2.0
// Ten steps of every training stage against tests/golden/data/training: losses, their terms, norms of gradients,
// weights and running statistics. In double they must agree to rounding; that is the proof. In float they must agree as
// far as no ReLU, max-pool or curve segment decides the other way. And the loss of every stage against differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/arithmetic.h"
#include "kernels/curve.h"
#include "kernels/truncation.h"
#include "models/model_directory.h"
#include "tensor/json.h"
#include "tensor/safetensors.h"
#include "tests/fill_module.h"
#include "train/trainer.h"

namespace duhdr::test {
namespace {

using Tensors = std::map<std::string, Tensor>;

// As in make_training.py.
constexpr std::int64_t images = 2, side = 64, cell = 8, curve_samples = 1024, parameter_samples = 256;
constexpr std::int64_t dropping_step = 3;  // whose second image has weight 0

// ---------------------------------------------------------------------------------------------------------- the case

struct TrainingCase {
  std::string name;
  nlohmann::json options, widths;
  std::set<std::string> zero_gradients;  // parameters that a BatchNorm in training mode cancels
  Tensors expected;

  std::string text(const char* option, const char* otherwise) const { return options.value(option, otherwise); }
  bool paired() const { return options.value("paired", false); }
  double learning_rate() const { return options.value("learning_rate", 1e-4); }
  const Stage& stage() const { return stage_named(options.at("stage").get<std::string>()); }
};

std::vector<std::filesystem::path> training_files() {
  std::vector<std::filesystem::path> files;
  const auto folder = std::filesystem::path(DUHDR_TEST_DATA) / "golden" / "data" / "training";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TrainingCase read_case(const std::filesystem::path& path) {
  TensorFile file = read_safetensors(path);
  const auto parsed = [&](const char* key) {
    return parse_json(file.metadata.at(key), path.stem().string() + ": " + key, ExitCode::bad_weights);
  };
  return {file.metadata.at("case"), parsed("options"), parsed("widths"),
          parsed("zero_gradients").get<std::set<std::string>>(), std::move(file.tensors)};
}

DuHdrConfig config_of(const TrainingCase& c) {
  DuHdrConfig config;
  c.widths.at("dnet").get_to(config.dnet_widths);
  c.widths.at("itnet").get_to(config.itnet_widths);
  c.widths.at("oonet").get_to(config.oonet_widths);
  c.widths.at("response").get_to(config.response_widths);
  if (c.text("trunk", "resnet18") == "crfnet") config.trunk = Trunk::crfnet;
  if (c.text("down", "rfb") == "conv") config.down = Down::conv;
  return config;
}

LossOptions loss_options(const TrainingCase& c) {
  LossOptions options;
  options.curve = c.options.value("curve_weight", 0.0);
  options.total_variation = c.options.value("tv_weight", 0.0);
  options.raw_perceptual = c.options.value("raw_perceptual", false);
  options.literal = c.options.value("literal", false);
  if (c.text("log_loss", "l2") == "l1") options.log = LogLoss::l1;
  if (c.text("oonet_loss", "l2") == "log_l1") options.refinement = RefinementLoss::log_l1;
  return options;
}

AdamDesc adam_of(const TrainingCase& c) {
  AdamDesc desc;
  desc.clip_norm = c.options.value("clip_norm", 0.0);
  desc.ema_decay = c.options.value("ema_decay", 0.0);
  return desc;
}

// -------------------------------------------------------------------------------------------------------- the values

void fill_tensor(Tensor& tensor, const std::string& name, golden::Range range) {
  golden::fill(name, range, {tensor.mutable_data<float>(), static_cast<std::size_t>(tensor.numel())});
}

Tensor filled(const Shape& shape, const std::string& name, golden::Range range) {
  Tensor tensor(shape, DType::f32);
  fill_tensor(tensor, name, range);
  return tensor;
}

/// Image [N, H, W, 3] in [0, scale): 3/4 of a coarse grid enlarged bilinearly and 1/4 of noise. Exact in double before
/// the rounding to float.
Tensor smooth(const std::string& name, double scale = 1) {
  constexpr std::int64_t nodes = side / cell + 1;
  const Tensor grid = filled({images, nodes, nodes}, name + "/coarse", {0, 1});
  Tensor image = filled({images, side, side, 3}, name, {0, 1});
  float* value = image.mutable_data<float>();
  for (std::int64_t n = 0; n < images; ++n)
    for (std::int64_t y = 0; y < side; ++y)
      for (std::int64_t x = 0; x < side; ++x) {
        const float* corner = grid.data<float>() + (n * nodes + y / cell) * nodes + x / cell;
        const double down = static_cast<double>(y % cell) / cell, right = static_cast<double>(x % cell) / cell;
        const auto row = [&](std::int64_t i) {
          return (1 - right) * static_cast<double>(corner[i * nodes]) +
                 right * static_cast<double>(corner[i * nodes + 1]);
        };
        const double coarse = (1 - down) * row(0) + down * row(1);
        for (int channel = 0; channel < 3; ++channel, ++value)
          *value = static_cast<float>(scale * (0.75 * coarse + 0.25 * static_cast<double>(*value)));
      }
  return image;
}

template <class Function>
Tensor each(Tensor tensor, Function function) {
  float* value = tensor.mutable_data<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i)
    value[i] = static_cast<float>(function(static_cast<double>(value[i])));
  return tensor;
}

/// Curves [N, samples]: x + a (x^2 - x) with `a` in [0.4, 0.9).
Tensor inverse_curves(const std::string& name) {
  const Tensor a = filled({images, 1}, name, {0.4, 0.9});
  Tensor curves({images, curve_samples}, DType::f32);
  for (std::int64_t i = 0; i < curves.numel(); ++i) {
    const double x = static_cast<double>(i % curve_samples) / (curve_samples - 1);
    const double bend = static_cast<double>(a.data<float>()[i / curve_samples]);
    curves.mutable_data<float>()[i] = static_cast<float>(x + bend * (x * x - x));
  }
  return curves;
}

Batch batch_of(const TrainingCase& c, std::int64_t step) {
  const std::string prefix = "train/" + c.name + '/' + std::to_string(step) + '/';
  Batch batch;
  batch.pairing = c.paired() ? Pairing::paired : Pairing::synthesised;
  batch.ldr = each(smooth(prefix + "ldr"), [](double x) { return std::floor(255 * x + 0.5) / 255; });
  batch.hdr = smooth(prefix + "hdr", 2);
  batch.weight = Tensor::full({images, 1, 1, 1}, 1, DType::f32);
  if (step == dropping_step) batch.weight.mutable_data<float>()[1] = 0;
  batch.kept = step == dropping_step ? 1 : images;
  if (c.paired()) return batch;
  batch.encoded = smooth(prefix + "encoded");
  batch.clipped = each(batch.hdr.clone(), [](double x) { return std::min(x, 1.0); });
  batch.inverse_curve = inverse_curves(prefix + "inverse_curve");
  return batch;
}

/// At most 256 elements: all, or those at floor(j n / 256).
Tensor sampled(const Tensor& tensor) {
  const std::vector<double> all = tensor.to(DType::f64).to_vector<double>();
  const auto n = static_cast<std::int64_t>(all.size());
  const std::int64_t count = std::min(n, parameter_samples);
  Tensor out(Shape{count}, DType::f64);
  for (std::int64_t j = 0; j < count; ++j) out.mutable_data<double>()[j] = all[static_cast<std::size_t>(j * n / count)];
  return out;
}

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

// ------------------------------------------------------------------------------------------------------- the networks

/// The networks with their start values. ITnet's bottleneck starts with gain 1 where it is trained: batch statistics
/// remove the scale, and the small weights of the fill rule would leap with every step of Adam.
struct Networks {
  DuHdr model;
  Vgg16Features vgg;

  Networks(const TrainingCase& c, DType dtype)
      : model(config_of(c)), vgg(c.widths.at("vgg16").get<std::array<std::int64_t, 3>>()) {
    fill_module(model, {});
    fill_module(vgg, "vgg16");
    if (std::ranges::find(c.stage().trained, "itnet") != c.stage().trained.end()) {
      const std::string name = "itnet.bottleneck.conv.weight";
      for (NamedVariable& named : model.parameters()) {
        if (named.name != name) continue;
        const double bound =
            std::sqrt(6.0 / static_cast<double>(named.variable.value().numel() / named.variable.shape()[0]));
        named.variable.set_value(filled(named.variable.shape(), name, {-bound, bound}));
      }
    }
    model.to(dtype);
    vgg.to(dtype);
    vgg.set_training(false);
    for (NamedVariable& named : vgg.parameters()) named.variable.set_requires_grad(false);
  }

  /// Sampled parameters ("weight/...") and running statistics ("buffer/...").
  Tensors state() const {
    Tensors out;
    for (const NamedVariable& named : model.parameters())
      out.emplace("weight/" + named.name, sampled(named.variable.value()));
    for (const NamedVariable& named : model.buffers())
      if (named.name.find(".running_") != std::string::npos)
        out.emplace("buffer/" + named.name, sampled(named.variable.value()));
    return out;
  }
};

std::string_view after_slash(std::string_view name) { return name.substr(name.find('/') + 1); }

bool belongs_to(std::string_view tensor, const Stage& stage) {
  return std::ranges::any_of(stage.trained, [&](std::string_view network) {
    return after_slash(tensor).starts_with(std::string(network) + '.');
  });
}

struct Run {
  Tensors start, result;  // `result` has what the file has
};

/// All steps. What the stage does not train must stay as it is to the bit.
Run train(const TrainingCase& c, DType dtype) {
  Networks networks(c, dtype);
  Run run{networks.state(), {}};
  const Stage& stage = c.stage();
  const LossOptions options = loss_options(c);
  StageTrainer trainer(stage, networks.model, networks.vgg, options, adam_of(c), false);
  std::map<std::string, std::vector<double>> records;
  const std::int64_t steps = c.expected.at("loss").numel();
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

struct Limits {
  double loss;    // relative, of each step; terms alike
  double norm;    // relative, of the gradient's norm at each step
  double weight;  // distance from the expected weights as a share of the way that they went
  double buffer;  // relative, of running statistics
};

constexpr Limits double_limits{1e-9, 1e-7, 1e-6, 1e-9};

Limits float_limits_of(const std::string&) { return {1e-5, 1e-2, 1e-2, 1e-3}; }

double largest_relative(const Tensor& value, const Tensor& expected) {
  double largest = 0;
  for (std::int64_t i = 0; i < expected.numel(); ++i) {
    const double error = std::abs(value.data<double>()[i] / expected.data<double>()[i] - 1);
    if (!(error <= largest)) largest = error;  // a NaN stays
  }
  return largest;
}

/// The largest error of a kind, and where.
struct Worst {
  double error = 0;
  std::string name = "none";

  void add(double e, const std::string& n) {
    if (e <= error) return;
    error = e;
    name = n;
  }
};

void expect_training(const TrainingCase& c, DType dtype, const Limits& limits) {
  const Run run = train(c, dtype);
  Worst loss, gradient, weight, buffer;
  for (const auto& [name, value] : run.result)
    if (!c.expected.contains(name)) ADD_FAILURE() << name << " is not in the file";
  for (const auto& [name, expected] : c.expected) {
    const auto found = run.result.find(name);
    if (found == run.result.end() || found->second.shape() != expected.shape()) {
      ADD_FAILURE() << name << " is missing or of another size";
      continue;
    }
    const Tensor& value = found->second;
    if (name == "loss" || name.starts_with("terms/")) {
      const double error = largest_relative(value, expected);
      EXPECT_LE(error, limits.loss) << name;
      loss.add(error, name);
    } else if (name == "gradient_norm") {
      const double error = largest_relative(value, expected);
      EXPECT_LE(error, limits.norm) << name;
      gradient.add(error, name);
    } else if (name.starts_with("buffer/")) {
      const double error = norm(value, &expected) / norm(expected);
      EXPECT_LE(error, limits.buffer) << name;
      buffer.add(error, name);
    } else if (c.zero_gradients.contains(std::string(after_slash(name)))) {
      // In float the rounding noise of such a gradient is of the size of Adam's eps: the bias wanders, without effect.
      EXPECT_LE(norm(value, &expected), dtype == DType::f64 ? 1e-9 : 1) << name;
    } else {
      const Tensor& start = run.start.at("weight/" + std::string(after_slash(name)));
      const double error = norm(value, &expected) / norm(expected, &start);
      EXPECT_LE(error, limits.weight) << name;
      weight.add(error, name);
    }
  }
  std::printf("%-21s %s  loss %.1e (%s)  norm %.1e  weights %.1e (%s)  statistics %.1e (%s)\n", c.name.c_str(),
              name_of(dtype), loss.error, loss.name.c_str(), gradient.error, weight.error, weight.name.c_str(),
              buffer.error, buffer.name.c_str());
}

class Training : public testing::TestWithParam<std::filesystem::path> {};
INSTANTIATE_TEST_SUITE_P(Golden, Training, testing::ValuesIn(training_files()),
                         [](const testing::TestParamInfo<std::filesystem::path>& file) {
                           std::string name = file.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST_P(Training, AgreesInDouble) { expect_training(read_case(GetParam()), DType::f64, double_limits); }

TEST_P(Training, AgreesInFloat) {
  const TrainingCase c = read_case(GetParam());
  expect_training(c, DType::f32, float_limits_of(c.name));
}

TEST(TrainingFiles, EveryStageHasOne) {
  std::set<std::string> found;
  for (const std::filesystem::path& path : training_files()) found.insert(path.stem().string());
  for (const Stage& stage : all_stages()) EXPECT_TRUE(found.contains(std::string(stage.name))) << stage.name;
}

// ---------------------------------------------------------------------------------------------------- the derivatives

/// The photograph of a stage before its quantiser.
Variable unquantised(const StageContext& c, const Stage& stage, const StageBatch& batch) {
  if (stage.name != "oonet-unpaired") return c.model.dnet()(batch.ldr);
  const Variable n = c.model.dnet()(batch.ldr);
  const Variable clip = apply_curve(c.model.innet()(n), n);
  const Variable seen = truncation(c.model.oonet()(c.model.itnet()(clip), clip, n));
  return apply_curve(c.model.nnet()(seen), seen);
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
  const StageBatch batch = on_device(batch_of(c, 0), Device::cpu(), DType::f64);
  const Variable photograph = unquantised(context, stage, batch).detach();
  const Tensor rounding = sub(quantise(photograph), clamp(photograph, 0, 1)).value();
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
  EXPECT_LE(error, 1e-4);
}

}  // namespace
}  // namespace duhdr::test
