// SPDX-License-Identifier: Apache-2.0
// An evaluation for the terminal.
#pragma once

#include <cstddef>
#include <string>

#include "eval/evaluation.h"

namespace duhdr {

/// Protocol, set and pairs (those left out with their reasons), a table with a row for each method and a column for
/// each metric, comparisons (which are many) where wanted, and remarks. A table wider than `width` columns of the
/// terminal goes on below, with the methods' names again. Names from outside are escaped.
std::string report_text(const Evaluation& evaluation, std::size_t width = 120, bool comparisons = true);

}  // namespace duhdr
