// SPDX-License-Identifier: Apache-2.0
// An experiment: every row trained and evaluated.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "eval/run.h"
#include "experiments/configuration.h"
#include "train/run.h"

namespace duhdr {

struct ExperimentOptions {
  std::filesystem::path folder;  // gets runs/ROW/, a training run each, and evaluation/, finished rows of evaluations
  TrainConfig base;
  std::string base_name;  // for reports
  Budget budget;
  RunOptions run;              // of every row; its folder, init and resume are the row's
  EvaluateOptions evaluation;  // its `keep` is the folder above
  EngineOptions engine;
};

struct ExperimentResult {
  Experiment experiment;
  std::string version, base_name;
  Budget budget;
  std::uint64_t seed = 0;
  std::vector<std::string> sources;     // of training
  std::vector<Evaluation> evaluations;  // one for each set; methods are the rows that were trained, by name
  std::vector<std::string> unpaired;    // of the sets: files without a partner, which count
};

/// What comes next: "row 2 of 4: + Nnet, training".
using ExperimentProgress = std::function<void(const std::string& what)>;

/// Trains what is not yet trained in the folder and evaluates what is not yet evaluated: the same call again goes on
/// where it was, and when all is done it computes nothing. Throws usage for sets without photographs or of one name,
/// and for a folder with runs of other configurations; what training and evaluation throw.
ExperimentResult run_experiment(const Experiment& experiment, const std::vector<EvaluationSet>& sets,
                                const ExperimentOptions& options, const ExperimentProgress& progress = {},
                                const EvaluationProgress& evaluation_progress = {});

}  // namespace duhdr
