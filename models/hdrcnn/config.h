// SPDX-License-Identifier: Apache-2.0
// What an HDRCNN is made of; the defaults are the published network's.
#pragma once

#include <array>
#include <cstdint>

namespace duhdr {

struct HdrcnnConfig {
  std::array<std::int64_t, 5> widths = {64, 128, 256, 512, 512};  // of the levels, full resolution first

  bool operator==(const HdrcnnConfig&) const = default;
};

}  // namespace duhdr
