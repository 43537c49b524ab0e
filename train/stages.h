// SPDX-License-Identifier: Apache-2.0
// The stages of Algorithm 1 (paired data) and Algorithm 2 (unpaired data) as rows of a table. What trains them knows
// nothing of DuHDR.
#pragma once

#include <span>
#include <string_view>

#include "data/sample.h"
#include "models/duhdr/duhdr.h"
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
  DuHdr& model;
  const Vgg16Features& vgg;
  const LossOptions& options;
};

struct Stage {
  std::string_view name;
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
/// `running_statistics`), the others neither.
void prepare(const Stage& stage, DuHdr& model, bool running_statistics);

}  // namespace duhdr
