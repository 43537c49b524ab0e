// SPDX-License-Identifier: Apache-2.0
// A training run: a configuration and a folder that holds config.json, metrics.jsonl, checkpoints/, samples/, model/
// and report.html.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "data/curve_basis.h"
#include "train/config.h"

namespace duhdr {

struct RunOptions {
  std::filesystem::path folder;
  Device device = Device::cpu();
  CurveBasis forward, inverse;      // that new response nets start with
  std::filesystem::path init;       // model directory to start from; empty: start values of the seed
  std::filesystem::path resume;     // checkpoint to continue; "auto": the newest in the folder, if any; empty: none
  std::filesystem::path export_to;  // model directory to write at the end; empty: folder/model
  double max_hours = 0;             // of this call; 0 = no limit
  std::int64_t max_steps = 0;       // of the run in total; 0 = no limit
  bool quiet = false;
  std::string program;                            // name and version, for the model's card
  std::function<void()> check_interrupt = [] {};  // throws when the run shall end; it is saved first
};

/// What a run will take: nothing is computed.
struct StageMemory {
  std::string stage;
  std::int64_t batch, patch;
  std::size_t bytes;  // largest sum of living tensors: weights, moments, activations, gradients
};
std::vector<StageMemory> memory_plan(const TrainConfig& config);

/// Opens every source and makes one sample of each; the lines say what was found. Throws what training would throw.
std::vector<std::string> check_data(const TrainConfig& config);

/// Runs the schedule from where it stands. Returns true when it is finished, false when a limit ended it. Saves a
/// checkpoint before it returns or lets an interruption through. Throws diverged after 20 steps in a row whose loss or
/// gradient was not finite, for the second time.
bool run_training(const TrainConfig& config, const RunOptions& options);

}  // namespace duhdr
