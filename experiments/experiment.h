// SPDX-License-Identifier: Apache-2.0
// What an experiment of the paper is: rows, each a training that differs from a base configuration in what the row
// says, and the groups in which their results are shown.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/config.h"

namespace duhdr {

/// One stage of a row's schedule.
struct RowStage {
  std::string stage;
  std::string as = {};                     // the stage whose settings in the base's schedule it takes; empty: its own
  std::vector<std::string> steps_of = {};  // as many steps as these take together; empty: those of `as`
  double learning_rate = 0;                // 0: that of `as`
};

struct ExperimentRow {
  std::string name;   // of its run's folder, and of the method that is evaluated
  std::string title;  // as the paper prints it
  std::vector<RowStage> schedule;
  nlohmann::json change = nlohmann::json::object();  // of the base: a merge patch (RFC 7396)
  std::string init = {};                             // the earlier row whose model it starts from; empty: start values
  std::string absent = {};                           // why it cannot be trained here; empty: it can
  std::map<std::string, double> paper = {};          // HDR-VDP that the paper reports, by test set
};

/// A line of a report.
struct ExperimentLine {
  std::string label;
  std::string row;  // by its name
  double x;         // in the plot; NaN: not in it
};

struct ExperimentGroup {
  std::string title, x_label;
  std::string head;  // above the labels
  std::vector<ExperimentLine> lines;
};

struct Experiment {
  std::string name = {}, title = {};  // "table3", "Table 3: ..."
  std::string note;                   // what a reader must know of how the rows are made
  std::vector<ExperimentRow> rows;
  std::vector<ExperimentGroup> groups;

  const ExperimentRow& row(const std::string& name) const;
};

struct ExperimentKind {
  std::string name, title;
  Experiment (*rows)(const TrainConfig& base);  // without name and title
};

/// table2, table3, table4, figure6.
const std::vector<ExperimentKind>& experiment_kinds();

/// The experiment with the kind's name and title. Throws usage for a base that has no DuHDR.
Experiment make_experiment(const ExperimentKind& kind, const TrainConfig& base);

/// The stages of the paper's Algorithm 1 in its order, each with its own settings.
std::vector<RowStage> algorithm_1();
std::vector<RowStage> own_settings(const std::vector<std::string>& stages);

/// One group with every row, in order.
ExperimentGroup group_of(const std::vector<ExperimentRow>& rows);

Experiment table2(const TrainConfig& base);
Experiment table3(const TrainConfig& base);
Experiment table4(const TrainConfig& base);
Experiment figure6(const TrainConfig& base);

}  // namespace duhdr
