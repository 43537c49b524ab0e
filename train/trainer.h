// SPDX-License-Identifier: Apache-2.0
// StageTrainer: one step of one stage. Forward, backward, update; a step whose loss or gradient is not finite leaves
// everything as it was. All of it is decided where the networks are, so that on a GPU a step is one launch.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensor/recorder.h"
#include "train/optimiser.h"
#include "train/stages.h"

namespace duhdr {

struct StepResult {
  bool skipped = false;  // loss or gradient not finite, or every image of the batch has weight 0
  bool finite = true;    // false: that was the reason
  double loss = 0;
  std::vector<std::pair<std::string, double>> terms;  // unweighted
  double gradient_norm = 0;
};

class StageTrainer {
 public:
  /// Prepares the networks for the stage (see prepare()). All references must outlive the trainer.
  StageTrainer(const Stage& stage, Model& model, const Vgg16Features& vgg, const LossOptions& loss,
               const AdamDesc& adam, bool running_statistics);

  /// Begins a step with a batch that is on the CPU or where the networks are. On a GPU it returns at once.
  void begin_step(const Batch& batch, double learning_rate);
  /// Waits for the step that was begun.
  StepResult end_step();
  StepResult step(const Batch& batch, double learning_rate);

  const Stage& stage() const { return stage_; }
  Optimiser& optimiser() { return optimiser_; }
  const Optimiser& optimiser() const { return optimiser_; }
  const Recorder& recorder() const { return recorder_; }

 private:
  /// Where the batches of one layout (fields and shapes) are put, and what a step with them tells.
  struct Lane {
    StageBatch batch;
    std::vector<std::string> names;  // of the terms
    Tensor values;                   // f64: of the terms, then of the loss
  };
  static constexpr std::int64_t most_terms = 15;

  Lane& lane_of(const Batch& batch, const std::string& layout);
  void learn(Lane& lane);
  std::vector<NamedVariable> trained(bool buffers) const;

  const Stage& stage_;
  Model& model_;
  const Vgg16Features& vgg_;
  const LossOptions& loss_;
  Optimiser optimiser_;
  FlatVariables statistics_;  // of BatchNorm, and other buffers: written in the forward pass
  std::map<std::string, Lane> lanes_;
  const Lane* begun_ = nullptr;  // null: the batch had no usable image
  Recorder recorder_;
};

}  // namespace duhdr
