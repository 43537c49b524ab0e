// SPDX-License-Identifier: Apache-2.0
#include "models/hdrcnn/config_json.h"

#include <algorithm>

namespace duhdr {
namespace {
constexpr std::int64_t max_width = 4096;
}  // namespace

nlohmann::json to_json(const HdrcnnConfig& config) { return {{"widths", config.widths}}; }

HdrcnnConfig hdrcnn_config_from_json(JsonObject architecture) {
  HdrcnnConfig config;
  const std::vector<std::int64_t> widths = architecture.integers("widths", 1, max_width);
  if (widths.size() != config.widths.size())
    architecture.refuse("widths", message(widths.size(), " widths, expected ", config.widths.size()));
  std::copy(widths.begin(), widths.end(), config.widths.begin());
  architecture.finish();
  return config;
}

}  // namespace duhdr
