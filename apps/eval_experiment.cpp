// SPDX-License-Identifier: Apache-2.0
// duhdr-eval table2|table3|table4|figure6.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "apps/eval_progress.h"
#include "apps/experiment_options.h"
#include "apps/program.h"
#include "base/file.h"
#include "experiments/report.h"

namespace duhdr {
namespace {

Experiment experiment_of(const std::string& name, const TrainConfig& base) {
  const auto& kinds = experiment_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& one) { return one.name == name; });
  DUHDR_CHECK(kind != kinds.end(), "no experiment ", name);
  return make_experiment(*kind, base);
}

int name_rows(const Experiment& experiment, const ExperimentOptions& options) {
  std::printf("%s\nbudget %s\n", experiment.title.c_str(), options.budget.text().c_str());
  for (const ExperimentRow& row : experiment.rows) {
    std::printf("%s: %s\n", row.name.c_str(), row.absent.empty() ? row.title.c_str() : row.absent.c_str());
    if (!row.absent.empty()) continue;
    for (const StagePlan& plan : configuration(options.base, row, options.budget).schedule)
      std::printf("  %s, %lld steps\n", plan.stage.c_str(), static_cast<long long>(plan.steps));
  }
  return 0;
}

void write(const std::filesystem::path& path, const std::string& text) {
  write_file(path, {reinterpret_cast<const std::byte*>(text.data()), text.size()});
  spdlog::info("{} written", shown(path));
}

/// 0, or 9 when pairs are left out.
int report(const ExperimentResult& result, const std::filesystem::path& folder) {
  const std::string& name = result.experiment.name;
  const std::string text = experiment_text(result);
  write(folder / (name + ".txt"), text);
  write(folder / (name + ".csv"), experiment_csv(result));
  write(folder / (name + ".json"), experiment_json(result));
  write(folder / (name + ".html"), experiment_html(result));
  std::fputs(text.c_str(), stdout);
  std::size_t left_out = result.unpaired.size();
  for (const std::string& file : result.unpaired) spdlog::error("error: {}: has no partner", file);
  for (const Evaluation& set : result.evaluations)
    for (const PairResult& pair : set.methods.front().pairs) left_out += pair.refusal.empty() ? 0 : 1;
  if (left_out == 0) return 0;
  spdlog::error("error: {} pairs left out", left_out);
  return static_cast<int>(ExitCode::partial);
}

}  // namespace

int run_experiment(const ExperimentCommand& command) {
  set_verbosity(command.quiet, command.verbose);
  set_cpu_threads(command.threads);
  const ExperimentOptions options = command.options();
  const Experiment experiment = experiment_of(command.name, options.base);
  if (command.dry_run) return name_rows(experiment, options);
  const std::vector<EvaluationSet> sets = command.open_sets();
  for (const EvaluationSet& set : sets)
    for (const std::string& warning : set.warnings) spdlog::warn("warning: {}", warning);
  StatusLine line(!command.quiet, StatusLine::Elsewhere::now_and_then);
  const auto say = [&](const std::string& what) {
    line.clear();
    spdlog::info("{}: {}", command.name, what);
  };
  const ExperimentResult result = run_experiment(experiment, sets, options, say, eval_progress(line));
  line.clear();
  return report(result, options.folder);
}

}  // namespace duhdr
