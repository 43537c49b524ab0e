// SPDX-License-Identifier: Apache-2.0
// Reports of an experiment, our numbers beside the paper's. All name the budget, and the same result gives the same
// bytes.
#pragma once

#include <string>

#include "experiments/run.h"

namespace duhdr {

/// For the terminal: a table for each set and group.
std::string experiment_text(const ExperimentResult& result);

/// RFC 4180: a row for each group, line, set and metric, and with the set "paper: NAME" one for each number of the
/// paper.
std::string experiment_csv(const ExperimentResult& result);

/// One object; infinite numbers are the strings "inf" and "-inf".
std::string experiment_json(const ExperimentResult& result);

/// One file that loads nothing: the tables, and a plot of the first metric for each group.
std::string experiment_html(const ExperimentResult& result);

}  // namespace duhdr
