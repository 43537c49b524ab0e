// SPDX-License-Identifier: Apache-2.0
// From a row to the training that it stands for.
#pragma once

#include <string>

#include "experiments/experiment.h"

namespace duhdr {

/// How long every stage trains.
struct Budget {
  std::string name;        // as asked for: "smoke", "250"
  std::int64_t steps = 0;  // of a stage; 0: those of the configuration

  std::string text() const;  // "smoke (4 steps a stage)"
};

/// smoke, short, full or a number of steps. Throws usage on anything else.
Budget parse_budget(const std::string& text);

/// The base with the row's change, and the row's schedule at the budget. A change that names another family of models
/// starts from that family's defaults. Throws usage when the base's schedule lacks a stage that the row needs.
TrainConfig configuration(const TrainConfig& base, const ExperimentRow& row, const Budget& budget);

}  // namespace duhdr
