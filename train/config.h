// SPDX-License-Identifier: Apache-2.0
// What a training run is: one JSON file. Every key has a default, which the run writes into its folder.
#pragma once

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "kernels/adam.h"
#include "models/registry.h"
#include "train/losses.h"
#include "train/schedule.h"

namespace duhdr {

/// One row of the schedule: a stage and for how long.
struct StagePlan {
  std::string stage;
  std::int64_t steps = 1000;
  std::int64_t batch = 8;
  std::int64_t patch = 256;                   // side in pixels, a multiple of the alignment of the model
  std::optional<std::array<double, 2>> view;  // share of a picture that a patch covers (data/view.h)
  LearningRate learning_rate;
  bool running_statistics = false;  // BatchNorm keeps its running statistics
};

struct PerceptualOptions {
  std::string weights;  // safetensors file with VGG16's convolutions; empty: He-normal start values of `seed`
  std::uint64_t seed = 1;
  std::array<std::int64_t, 3> widths{64, 128, 256};
};

struct ValidationOptions {
  std::int64_t every = 1000;  // steps; also at the start and the end of each stage
  std::int64_t samples = 16;
  std::int64_t patch = 256;
  std::int64_t pictures = 4;         // shown in the report
  std::string best_by = "log_rmse";  // the metric by which the best model so far is kept (train/validation.h)
};

struct TrainConfig {
  std::string name = "duhdr";
  std::uint64_t seed = 1;
  DType precision = DType::f32;  // f32 or bf16 ("mixed")
  ModelSpec model = default_spec();
  std::vector<std::string> sources{"scenes"};   // with H: "hdr:DIR", "paired:DIR", "pseudo:DIR", "scenes"
  std::vector<std::string> unpaired;            // photographs alone; empty: those of `sources`
  std::vector<std::string> validation_sources;  // empty: what the split keeps back of `sources`
  DataOptions data;                             // seed, split, patch, view and mean_inverse_curve are set by the run
  int threads = 1;                              // that make samples
  LossOptions loss;
  AdamDesc adam;
  PerceptualOptions perceptual;
  ValidationOptions validation;
  std::int64_t checkpoint_every = 1000;  // steps
  double checkpoint_minutes = 10;
  std::vector<StagePlan> schedule;
};

/// Reads and checks a configuration. Throws usage: unknown keys with the nearest one, wrong types, values out of range.
TrainConfig parse_config(const nlohmann::json& json, const std::string& shown_name);
TrainConfig read_config(const std::filesystem::path& path);

/// The same with every default in place; parse_config(to_json(c)) is c.
nlohmann::json to_json(const TrainConfig& config);

/// Only what decides the weights: without name, threads, caches, validation and checkpoint intervals. Two runs may be
/// continued into each other when this is equal. It is a configuration itself: parse_config() gives one that was saved
/// before a key came that key's default.
nlohmann::json identity(const TrainConfig& config);

}  // namespace duhdr
