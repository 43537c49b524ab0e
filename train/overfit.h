// SPDX-License-Identifier: Apache-2.0
// Can every stage learn? A few fixed samples, over and over.
#pragma once

#include "train/run.h"

namespace duhdr {

struct OverfitResult {
  std::string stage;
  double first = 0, last = 0;  // loss over the samples before the first step and over the last round
};

/// Trains every row of the schedule on the first `samples` samples of its data set. Each row begins with fresh
/// networks; trained layers that start at zero (heads) get Glorot-uniform weights instead, or some stages would begin
/// at their minimum. Writes nothing but folder/overfit.json.
std::vector<OverfitResult> overfit(const TrainConfig& config, const RunOptions& options, std::int64_t samples);

}  // namespace duhdr
