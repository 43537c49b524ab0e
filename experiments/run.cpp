// SPDX-License-Identifier: Apache-2.0
#include "experiments/run.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "eval/summary.h"
#include "models/model_directory.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

void check_sets(const std::vector<EvaluationSet>& sets) {
  if (sets.empty()) throw Error(ExitCode::usage, "no set of pairs to evaluate on; name one or more with --set");
  std::set<std::string> names;
  for (const EvaluationSet& set : sets) {
    if (!names.insert(set.name).second)
      throw Error(ExitCode::usage, message("two sets are called ", escaped(set.name), "; name them: --set NAME=DIR"));
    for (const EvaluationPair& pair : set.pairs)
      if (pair.ldr.empty())
        throw Error(ExitCode::usage, message("set ", escaped(set.name), ": ", pair.name, " has no photograph"));
  }
}

/// Whether the folder holds the model at the end of this configuration.
bool is_trained(const fs::path& run, const TrainConfig& config) {
  if (!fs::exists(run / "config.json") || !fs::exists(run / "model" / "model.json")) return false;
  if (identity(read_config(run / "config.json")) != identity(config)) return false;
  std::int64_t steps = 0;
  for (const StagePlan& plan : config.schedule) steps += plan.steps;
  return load_model(run / "model").card.provenance.value("steps", std::int64_t{-1}) == steps;
}

class Runner {
 public:
  Runner(const std::vector<EvaluationSet>& sets, const ExperimentOptions& options)
      : sets_(sets), options_(options), found_(sets.size()) {}

  fs::path model_of(const std::string& row) const { return options_.folder / "runs" / row / "model"; }

  void train(const ExperimentRow& row, const TrainConfig& config) const {
    RunOptions run = options_.run;
    run.folder = options_.folder / "runs" / row.name;
    run.resume = "auto";
    if (!row.init.empty()) run.init = model_of(row.init);
    if (!is_trained(run.folder, config)) run_training(config, run);
  }

  void evaluate_on_all(const ExperimentRow& row, const EvaluationProgress& progress) {
    EvaluateOptions options = options_.evaluation;
    options.keep = options_.folder / "evaluation";
    const auto no_names = [&](const std::string& name) -> std::unique_ptr<Method> {
      throw Error(ExitCode::bad_weights, message(escaped(name), ": the run has left no model"));
    };
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      std::vector<std::unique_ptr<EvaluatedMethod>> methods;
      methods.push_back(make_method(row.name + "=" + model_of(row.name).string(), sets_[i], options_.engine,
                                    options.limits, no_names));
      Evaluation one = evaluate(sets_[i], methods, options, progress);
      if (found_[i].methods.empty())
        found_[i] = std::move(one);
      else
        found_[i].methods.push_back(std::move(one.methods.front()));
    }
  }

  /// With what only all rows together decide: pairs that one of them refuses count for none.
  std::vector<Evaluation> together() {
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      Evaluation& evaluation = found_[i];
      evaluation.comparisons.clear();
      evaluation.remarks.clear();
      for (MethodResult& method : evaluation.methods) method.summaries.clear();
      std::vector<std::string> scenes;
      for (const EvaluationPair& pair : sets_[i].pairs) scenes.push_back(pair.scene);
      summarise(evaluation, scenes);
    }
    return std::move(found_);
  }

 private:
  const std::vector<EvaluationSet>& sets_;
  const ExperimentOptions& options_;
  std::vector<Evaluation> found_;
};

}  // namespace

ExperimentResult run_experiment(const Experiment& experiment, const std::vector<EvaluationSet>& sets,
                                const ExperimentOptions& options, const ExperimentProgress& progress,
                                const EvaluationProgress& evaluation_progress) {
  check_sets(sets);
  std::vector<std::pair<const ExperimentRow*, TrainConfig>> todo;  // all are good before the first one trains
  for (const ExperimentRow& row : experiment.rows)
    if (row.absent.empty()) todo.emplace_back(&row, configuration(options.base, row, options.budget));
  Runner runner(sets, options);
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const auto& [row, config] = todo[i];
    const std::string which = message("row ", i + 1, " of ", todo.size(), ": ", row->title);
    if (progress) progress(which + ", training");
    runner.train(*row, config);
    if (progress) progress(which + ", evaluation");
    runner.evaluate_on_all(*row, evaluation_progress);
  }
  ExperimentResult result{.experiment = experiment,
                          .version = options.evaluation.version,
                          .base_name = options.base_name,
                          .budget = options.budget,
                          .seed = options.base.seed,
                          .sources = options.base.sources,
                          .evaluations = runner.together(),
                          .unpaired = {}};
  for (const EvaluationSet& set : sets)
    result.unpaired.insert(result.unpaired.end(), set.unpaired.begin(), set.unpaired.end());
  return result;
}

}  // namespace duhdr
