// SPDX-License-Identifier: Apache-2.0
// The command line of duhdr-eval's experiments.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "experiments/run.h"

namespace duhdr {

struct ExperimentCommand {
  std::string name;  // of the experiment: the subcommand that was given; empty: none
  std::string budget = "smoke", config, out, protocol = "paper", metrics = "vdp3-q,pu21-psnr,structure";
  std::string device = "auto";
  std::vector<std::string> data, unpaired, sets;
  std::int64_t seed = -1;
  int threads = 0;
  bool quiet = false, verbose = false, dry_run = false;

  /// A subcommand for each experiment.
  void add_to(CLI::App& app);

  /// Throws usage for what does not fit together, and what reading the configuration throws.
  ExperimentOptions options() const;
  std::vector<EvaluationSet> open_sets() const;
};

/// Trains and evaluates the rows and writes OUT/NAME.txt, .csv, .json and .html. Returns the exit code: 9 when pairs
/// are left out.
int run_experiment(const ExperimentCommand& command);

}  // namespace duhdr
