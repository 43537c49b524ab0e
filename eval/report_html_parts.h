// SPDX-License-Identifier: Apache-2.0
// The parts of the page that its script fills, and the data that it fills them from.
#pragma once

#include <string>
#include <vector>

#include "eval/evaluation.h"
#include "eval/report_table.h"

namespace duhdr {

/// The viewer of pairs; a note where the evaluation has no pictures.
std::string pictures_part(const Evaluation& evaluation);

/// Wins and losses of one method against another; empty with fewer than two methods.
std::string wins_part(const Evaluation& evaluation);

/// JSON without "<", so that no name ends the script element it stands in.
std::string page_data(const Evaluation& evaluation, const std::vector<Exclusion>& excluded);

}  // namespace duhdr
