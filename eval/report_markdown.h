// SPDX-License-Identifier: Apache-2.0
// The report of an evaluation for documents.
#pragma once

#include <string>

#include "eval/evaluation.h"

namespace duhdr {

/// Markdown (GitHub's tables): protocol and set, then for every metric a column with mean and 95 % interval of each
/// method, the best in bold, and the differences of every method from the first one whose interval excludes 0.
std::string report_markdown(const Evaluation& evaluation);

}  // namespace duhdr
