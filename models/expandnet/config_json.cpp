// SPDX-License-Identifier: Apache-2.0
#include "models/expandnet/config_json.h"

#include <algorithm>

namespace duhdr {
namespace {
constexpr std::int64_t max_width = 4096;
}  // namespace

nlohmann::json to_json(const ExpandNetConfig& config) {
  return {{"curve_samples", config.curve_samples},
          {"widths",
           {{"local", config.local_widths},
            {"dilated", config.dilated_width},
            {"global", config.global_width},
            {"fused", config.fused_width}}}};
}

ExpandNetConfig expandnet_config_from_json(JsonObject architecture) {
  ExpandNetConfig config;
  config.curve_samples = architecture.integer("curve_samples", 2, 65536);
  JsonObject widths = architecture.object("widths");
  const std::vector<std::int64_t> local = widths.integers("local", 1, max_width);
  if (local.size() != config.local_widths.size())
    widths.refuse("local", message(local.size(), " widths, expected ", config.local_widths.size()));
  std::copy(local.begin(), local.end(), config.local_widths.begin());
  config.dilated_width = widths.integer("dilated", 1, max_width);
  config.global_width = widths.integer("global", 1, max_width);
  config.fused_width = widths.integer("fused", 1, max_width);
  widths.finish();
  architecture.finish();
  return config;
}

}  // namespace duhdr
