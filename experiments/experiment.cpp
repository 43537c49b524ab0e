// SPDX-License-Identifier: Apache-2.0
#include "experiments/experiment.h"

#include <algorithm>

#include "base/error.h"

namespace duhdr {

const ExperimentRow& Experiment::row(const std::string& wanted) const {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const ExperimentRow& row) { return row.name == wanted; });
  DUHDR_CHECK(found != rows.end(), name, " has no row ", wanted);
  return *found;
}

const std::vector<ExperimentKind>& experiment_kinds() {
  static const std::vector<ExperimentKind> kinds{
      {"table2", "Table 2: methods, trained alike", table2},
      {"table3", "Table 3: what takes part in training the dual non-linear mapping", table3},
      {"table4", "Table 4: the parts of OOnet", table4},
      {"figure6", "Figure 6: the weights of the losses", figure6},
  };
  return kinds;
}

Experiment make_experiment(const ExperimentKind& kind, const TrainConfig& base) {
  if (base.model.family != default_spec().family)
    throw Error(ExitCode::usage, message("the base configuration is for models of the family ", base.model.family,
                                         "; the paper's experiments need one of ", default_spec().family));
  Experiment experiment = kind.rows(base);
  experiment.name = kind.name;
  experiment.title = kind.title;
  return experiment;
}

std::vector<RowStage> own_settings(const std::vector<std::string>& stages) {
  std::vector<RowStage> schedule;
  for (const std::string& stage : stages) schedule.push_back({stage});
  return schedule;
}

std::vector<RowStage> algorithm_1() {
  return own_settings(
      {"dnet", "dnet-joint", "nnet", "innet", "dnm-joint", "itnet", "itnet-joint", "oonet", "finetune"});
}

ExperimentGroup group_of(const std::vector<ExperimentRow>& rows) {
  ExperimentGroup group{.title = "", .x_label = "row of the table", .head = "", .lines = {}};
  for (const ExperimentRow& row : rows)
    group.lines.push_back({row.title, row.name, static_cast<double>(group.lines.size() + 1)});
  return group;
}

}  // namespace duhdr
