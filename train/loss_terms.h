// SPDX-License-Identifier: Apache-2.0
// The sum that a training step minimises.
#pragma once

#include <string>
#include <vector>

#include "autograd/variable.h"

namespace duhdr {

/// One summand of a stage's loss: weight * value.
struct LossTerm {
  std::string name;
  double weight;
  Variable value;  // [1]
};
using LossTerms = std::vector<LossTerm>;

Variable total(const LossTerms& terms);

}  // namespace duhdr
