// SPDX-License-Identifier: Apache-2.0
// An evaluation as a page: one file that needs no other one and sends no request.
#pragma once

#include <string>

#include "eval/evaluation.h"

namespace duhdr {

/// Pairs left out and remarks, the sortable table of methods, comparisons, the pictures of each pair at any exposure
/// with their maps, and where a method wins and loses. The tables are complete without scripts. The same evaluation
/// gives the same bytes.
std::string report_html(const Evaluation& evaluation);

}  // namespace duhdr
