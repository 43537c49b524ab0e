// SPDX-License-Identifier: Apache-2.0
// The stages of training as rows of a table: those of DuHDR's Algorithm 1 (paired data) and Algorithm 2 (unpaired
// data), and of the other model families. What trains them (StageTrainer, runs, checkpoints) knows only this interface.
#pragma once

#include <span>
#include <string_view>

#include "data/sample.h"
#include "models/model.h"
#include "train/losses.h"

namespace duhdr {

/// A batch where the networks are, in the type they compute in. What the data do not have is undefined.
struct StageBatch {
  Variable ldr, encoded, clipped, hdr, inverse_curve;
  Tensor weight;  // [N, 1, 1, 1]
};
/// Memory for batches with the fields and shapes of this one.
StageBatch empty_like(const Batch& batch, Device device, DType dtype);
void copy(StageBatch& to, const Batch& from);

struct StageContext {
  Model& model;  // of the stage's family
  const Vgg16Features& vgg;
  const LossOptions& options;
};

struct Stage {
  std::string_view name;
  std::string_view family;                // of models
  int algorithm;                          // 1: needs H; 2: photographs alone
  std::string_view summary;               // what is learned, with the equation
  std::vector<std::string_view> trained;  // networks; the others are frozen
  /// Of networks set up by prepare(): what is constant in the paper comes from networks that are frozen.
  LossTerms (*loss)(const StageContext&, const StageBatch&);

  bool needs_hdr() const { return algorithm == 1; }
};

/// Every row, in the order of the algorithms.
std::span<const Stage> all_stages();

/// Throws usage on an unknown name and offers the known ones.
const Stage& stage_named(std::string_view name);

/// Sets up the networks for a stage: the trained ones need gradients and use batch statistics (running ones with
/// `running_statistics`), the others neither. Throws usage when the model is of another family.
void prepare(const Stage& stage, Model& model, bool running_statistics);

}  // namespace duhdr
