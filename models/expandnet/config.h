// SPDX-License-Identifier: Apache-2.0
// What an ExpandNet is made of; the defaults are the published network's.
#pragma once

#include <array>
#include <cstdint>

namespace duhdr {

struct ExpandNetConfig {
  std::array<std::int64_t, 2> local_widths = {64, 128};
  std::int64_t dilated_width = 64;
  std::int64_t global_width = 64;
  std::int64_t fused_width = 64;
  std::int64_t curve_samples = 1024;

  bool operator==(const ExpandNetConfig&) const = default;
};

}  // namespace duhdr
