// SPDX-License-Identifier: Apache-2.0
// What the reports of an experiment share.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/run.h"

namespace duhdr {

/// What every report begins with, and what each set is: names and texts.
using Facts = std::vector<std::pair<std::string, std::string>>;
Facts facts_of(const ExperimentResult& result);
Facts facts_of(const Evaluation& set);

/// The lines of a group on one set: labels, our means with their intervals, the paper's numbers.
struct ResultTable {
  std::vector<std::string> heads;
  std::vector<std::vector<std::string>> lines;
};
ResultTable table_of(const ExperimentResult& result, const Evaluation& set, const ExperimentGroup& group);

/// Test sets of the paper that a row has a number for.
std::set<std::string> paper_sets(const Experiment& experiment);

/// nullptr where the row was not trained, or its mean does not exist.
const Summary* summary_of_row(const Evaluation& set, const std::string& row, const std::string& metric);

}  // namespace duhdr
