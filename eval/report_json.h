// SPDX-License-Identifier: Apache-2.0
// An evaluation for other programs: everything but the pictures and what was measured of the machine.
#pragma once

#include <string>

#include "eval/evaluation.h"

namespace duhdr {

/// One object, the members in the order of `Evaluation`. Numbers read back as the same doubles; infinite ones are the
/// strings "inf" and "-inf"; a metric that a pair does not define has no member. What is not UTF-8 in a name becomes
/// U+FFFD.
std::string report_json(const Evaluation& evaluation);

}  // namespace duhdr
