// SPDX-License-Identifier: Apache-2.0
#include "train/overfit.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "layers/init.h"
#include "models/precision.h"
#include "train/progress.h"
#include "train/session.h"
#include "train/stage_data.h"

namespace duhdr {
namespace {

bool is_zero(const Variable& parameter) {
  const float* begin = parameter.value().data<float>();
  return std::all_of(begin, begin + parameter.value().numel(), [](float x) { return x == 0; });
}

/// Convolutions whose weight and bias start at zero. fuse0 of ITnet has a bias that keeps its ReLU open: it stays.
void fill_zero_convolutions(Model& model, const Stage& stage, std::uint64_t seed) {
  for (const std::string_view network : stage.trained) {
    std::vector<NamedVariable> parameters = model.network(network).parameters(std::string(network));
    for (std::size_t i = 0; i + 1 < parameters.size(); ++i) {  // a bias follows its weight
      NamedVariable& weight = parameters[i];
      const bool convolution = weight.variable.shape().rank() == 4 && parameters[i + 1].name.ends_with(".bias");
      if (convolution && is_zero(weight.variable) && is_zero(parameters[i + 1].variable))
        weight.variable.set_value(initial_weight(weight.variable.shape(), Init::glorot_uniform, seed, weight.name));
    }
  }
}

std::vector<Batch> fixed_batches(const Dataset& dataset, std::int64_t samples, std::int64_t size) {
  std::vector<Batch> batches;
  for (std::int64_t first = 0; first < samples; first += size) {
    std::vector<Sample> part;
    for (std::int64_t i = first; i < std::min(first + size, samples); ++i)
      part.push_back(dataset.sample(static_cast<std::uint64_t>(i)));
    batches.push_back(stack(static_cast<std::uint64_t>(first), dataset.pairing(), part));
    std::fill_n(batches.back().weight.mutable_data<float>(), batches.back().size(), 1.0f);  // every sample counts
    batches.back().kept = batches.back().size();
  }
  return batches;
}

}  // namespace

std::vector<OverfitResult> overfit(const TrainConfig& config, const RunOptions& options, std::int64_t samples) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) throw Error(ExitCode::io, message(shown(options.folder), ": cannot make the folder"));
  const std::unique_ptr<Vgg16Features> vgg = new_vgg(config.perceptual, options.device, config.precision);
  ProgressLine progress(options.device, options.quiet);
  std::vector<OverfitResult> results;
  nlohmann::json json = nlohmann::json::array();
  for (const StagePlan& plan : config.schedule) {
    const Stage& stage = stage_named(plan.stage);
    const std::vector<Batch> batches = fixed_batches(*stage_dataset(config, stage, plan), samples, plan.batch);
    const std::unique_ptr<Model> model = new_model(config, options);
    fill_zero_convolutions(*model, stage, config.seed);
    set_precision(*model, config.precision);
    model->to(options.device);
    StageTrainer trainer(stage, *model, *vgg, config.loss, config.adam, plan.running_statistics);
    OverfitResult result{plan.stage};
    const auto rounds = static_cast<std::int64_t>(batches.size());
    progress.begin(plan.stage, 0, plan.steps);
    for (std::int64_t step = 0; step < plan.steps; ++step) {
      options.check_interrupt();
      const Batch& batch = batches[static_cast<std::size_t>(step % rounds)];
      const StepResult taken = trainer.step(batch, plan.learning_rate.at(step, plan.steps));
      const double share = static_cast<double>(batch.size()) / static_cast<double>(samples);
      if (step < rounds) result.first += share * taken.loss;
      if (step >= plan.steps - rounds) result.last += share * taken.loss;
      progress.step(step + 1, taken.loss, batch.size());
    }
    progress.leave();
    spdlog::info("{}: loss {:.4g} -> {:.4g}, {:.1f} % of the first", plan.stage, result.first, result.last,
                 100 * result.last / result.first);
    json.push_back({{"stage", plan.stage}, {"first", result.first}, {"last", result.last}});
    results.push_back(std::move(result));
  }
  const std::string text = json.dump(2) + "\n";
  write_file(options.folder / "overfit.json", {reinterpret_cast<const std::byte*>(text.data()), text.size()});
  return results;
}

}  // namespace duhdr
