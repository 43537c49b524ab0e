// SPDX-License-Identifier: Apache-2.0
// The numbers of an evaluation as a table for other programs.
#pragma once

#include <string>

#include "eval/evaluation.h"

namespace duhdr {

/// RFC 4180 (CRLF, quotes where needed): a head, then a row for each method and pair with the columns protocol, method,
/// pair, refusal and each metric by its name. Numbers read back as the same doubles. A field is empty where the pair
/// does not define the metric; in a row with a refusal all are, because no mean counts them.
std::string report_csv(const Evaluation& evaluation);

}  // namespace duhdr
