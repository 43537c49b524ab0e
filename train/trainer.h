// SPDX-License-Identifier: Apache-2.0
// StageTrainer: one step of one stage. Forward, backward, update; a step whose loss or gradient is not finite leaves
// everything as it was.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

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
  StageTrainer(const Stage& stage, DuHdr& model, const Vgg16Features& vgg, const LossOptions& loss,
               const AdamDesc& adam, bool running_statistics);

  StepResult step(const Batch& batch, double learning_rate);

  const Stage& stage() const { return stage_; }
  Optimiser& optimiser() { return optimiser_; }
  const Optimiser& optimiser() const { return optimiser_; }

 private:
  bool learn(const StageBatch& batch, double learning_rate, StepResult& result);  // false: something is not finite
  std::vector<NamedVariable> trained(bool buffers) const;

  const Stage& stage_;
  DuHdr& model_;
  const Vgg16Features& vgg_;
  const LossOptions& loss_;
  Optimiser optimiser_;
};

}  // namespace duhdr
