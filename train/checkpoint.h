// SPDX-License-Identifier: Apache-2.0
// Checkpoints: everything a run needs to go on bit for bit, in one checksummed safetensors file. Random numbers are
// functions of (seed, index), so their state is the position.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/model.h"

namespace duhdr {

/// Where a run stands and what it has counted.
struct RunState {
  std::int64_t row = 0;          // of the schedule
  std::int64_t step = 0;         // steps taken in that row; batch `step` comes next
  std::int64_t total_steps = 0;  // in all rows, skipped ones included
  std::int64_t images = 0;
  std::int64_t skipped_steps = 0;    // a loss or gradient was not finite
  std::int64_t dropped_batches = 0;  // every image was over- or under-exposed
  std::int64_t failures_in_a_row = 0;
  std::int64_t rollbacks = 0;
  double seconds = 0;                         // of training, over all continuations
  std::uint64_t metrics_bytes = 0;            // length of metrics.jsonl
  std::optional<double> best = std::nullopt;  // value of the metric by which the best model is kept

  bool operator==(const RunState&) const = default;
};

struct Checkpoint {
  RunState run;
  nlohmann::json identity;                  // of the configuration
  std::map<std::string, Tensor> model;      // parameters and buffers, full names
  std::map<std::string, Tensor> optimiser;  // of the row's stage; empty at its start
};

/// The file of a checkpoint after so many steps: "checkpoint-000001200.safetensors".
std::filesystem::path checkpoint_file(const std::filesystem::path& folder, std::int64_t total_steps);

/// Removes what write_file() of a killed process left half-written. A run owns its folder: nobody else is writing
/// there.
void remove_leftovers(const std::filesystem::path& folder);

/// Writes the file (all or nothing), then removes all but the newest `keep`, and those of more steps: this run went
/// back behind them. Removes what killed runs left half-written, too.
void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint, int keep = 2);

/// Reads and checks one: layout, checksum, state. Throws bad_weights or io.
Checkpoint load_checkpoint(const std::filesystem::path& path);

/// The newest checkpoint of a folder that is whole; damaged ones are named in `damaged`. None at all: nullopt. Throws
/// bad_weights when there are some and all are damaged.
std::optional<Checkpoint> newest_checkpoint(const std::filesystem::path& folder, std::vector<std::string>& damaged);

/// Parameters and buffers of all networks, and back. set_model() throws bad_weights on names or shapes that differ.
std::map<std::string, Tensor> model_tensors(const Model& model);
void set_model(Model& model, const std::map<std::string, Tensor>& tensors, const std::string& shown_name);

}  // namespace duhdr
