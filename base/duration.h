// SPDX-License-Identifier: Apache-2.0
// A span of time as people say it.
#pragma once

#include <string>

namespace duhdr {

/// "1 h 2 min", "3 min 20 s", "12 s".
std::string duration(double seconds);

}  // namespace duhdr
