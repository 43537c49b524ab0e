// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <algorithm>
#include <cmath>

namespace duhdr {

double LearningRate::at(std::int64_t step, std::int64_t steps) const {
  double rate = start;
  if (kind == Kind::cosine) {
    const double done = steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 1;
    const double share = 0.5 * (1 + std::cos(3.141592653589793 * std::min(done, 1.0)));
    rate *= end_factor + (1 - end_factor) * share;
  }
  if (kind == Kind::step) rate *= std::pow(step_factor, static_cast<double>(step / step_every));
  if (step < warmup) rate *= static_cast<double>(step + 1) / static_cast<double>(warmup);
  return rate;
}

}  // namespace duhdr
