// SPDX-License-Identifier: Apache-2.0
// From the rows of an evaluation to what they say: means, intervals, comparisons, remarks.
#pragma once

#include <string>
#include <vector>

#include "eval/evaluation.h"

namespace duhdr {

/// Fills in summaries, comparisons of every method with the first one, and remarks. scenes: of each pair, those of one
/// scene are one draw of the bootstrap. A pair that is refused for one method is refused for all.
void summarise(Evaluation& evaluation, const std::vector<std::string>& scenes);

}  // namespace duhdr
