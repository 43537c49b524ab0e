// SPDX-License-Identifier: Apache-2.0
// The command line of duhdr-train.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "models/duhdr/config.h"
#include "train/run.h"
#include "train/stages.h"

namespace duhdr {

struct TrainOptions {
  std::string config, out, resume, init, export_to, device = "auto", precision, init_only;
  std::vector<std::string> to_half;  // model directory to read, folder to write
  std::vector<std::string> data, unpaired, validation, stages;
  std::int64_t batch = 0, max_steps = 0, validate_every = 0, overfit = 0;
  std::int64_t seed = -1;
  double max_hours = 0;
  int threads = 0, loader_threads = 0;
  Trunk trunk = Trunk::resnet18;
  Down down = Down::rfb;
  bool dry_run = false, print_config = false, json = false, quiet = false, verbose = false;

  void add_to(CLI::App& app);

  /// The configuration file with what the command line says instead.
  TrainConfig resolved() const;
};

}  // namespace duhdr
