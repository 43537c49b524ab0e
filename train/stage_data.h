// SPDX-License-Identifier: Apache-2.0
// Which samples a stage or the validation gets.
#pragma once

#include <memory>

#include "train/config.h"
#include "train/stages.h"

namespace duhdr {

/// The data set of one row of the schedule. Throws usage when the stage needs H and a source has none.
std::unique_ptr<Dataset> stage_dataset(const TrainConfig& config, const Stage& stage, const StagePlan& plan);

/// Samples with H that training never sees; null when no source has H.
std::unique_ptr<Dataset> validation_dataset(const TrainConfig& config);

/// The first batch of a row of the schedule: every row has samples of its own.
std::int64_t first_batch(std::int64_t row);

}  // namespace duhdr
