// SPDX-License-Identifier: Apache-2.0
// Learning rates over the steps of a stage.
#pragma once

#include <cstdint>

namespace duhdr {

struct LearningRate {
  enum class Kind { constant, cosine, step };
  Kind kind = Kind::constant;
  double start = 1e-4;
  double end_factor = 0.01;  // cosine: rate at the last step, relative to `start`
  double step_factor = 0.5;  // step: factor after every `step_every` steps
  std::int64_t step_every = 10000;
  std::int64_t warmup = 0;  // first steps over which the rate rises linearly

  /// The rate of step `step` (from 0) of `steps`.
  double at(std::int64_t step, std::int64_t steps) const;
};

}  // namespace duhdr
