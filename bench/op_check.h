// SPDX-License-Identifier: Apache-2.0
// Whether a row of the op case table is right, before it is timed. Empty texts: it is.
#pragma once

#include <string>

#include "tests/cases/op_cases.h"

namespace duhdr::bench {

/// At the row's own size: result and gradients against double.
std::string check_small(const test::OpCase& op_case, Device device);

/// At the size that is timed, forward: convolutions by two corners against the reference loops, all else against
/// double.
std::string check_at_size(const test::OpCase& op_case, Device device);

}  // namespace duhdr::bench
