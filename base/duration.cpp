// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"

#include "base/error.h"

namespace duhdr {

std::string duration(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole >= 3600) return message(whole / 3600, " h ", whole % 3600 / 60, " min");
  if (whole >= 60) return message(whole / 60, " min ", whole % 60, " s");
  return message(whole, " s");
}

}  // namespace duhdr
