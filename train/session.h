// SPDX-License-Identifier: Apache-2.0
// Session: the networks of a run on their device, and the folder it lives in.
#pragma once

#include <memory>
#include <optional>

#include "models/model_directory.h"
#include "train/checkpoint.h"
#include "train/run.h"
#include "train/trainer.h"

namespace duhdr {

/// New networks on the CPU: start values of config.seed, or those of options.init; curves of the options.
std::unique_ptr<Model> new_model(const TrainConfig& config, const RunOptions& options);

/// The perceptual network: public weights, or the start values of its seed, which the log says.
std::unique_ptr<Vgg16Features> new_vgg(const PerceptualOptions& options, Device device, DType precision);

class Session {
 public:
  Session(const TrainConfig& config, const RunOptions& options);

  Model& model() { return *model_; }
  void set_weights(const std::map<std::string, Tensor>& tensors);  // of a checkpoint; ends living trainers' views
  std::unique_ptr<StageTrainer> trainer(const StagePlan& plan);

  ModelCard card(const RunState& state) const;
  std::string text(const RunState& state) const;  // one line about the run

 private:
  const TrainConfig& config_;
  const RunOptions& options_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Vgg16Features> vgg_;
};

/// Makes the folder, or finds the checkpoint to continue from. Throws usage when there are checkpoints and no `resume`,
/// or when they belong to another configuration (the first key that differs is named).
std::optional<Checkpoint> open_run_folder(const TrainConfig& config, const RunOptions& options);

}  // namespace duhdr
