// SPDX-License-Identifier: Apache-2.0
// HdrcnnConfig as the object "architecture" of model.json.
#pragma once

#include <nlohmann/json.hpp>

#include "base/fields.h"
#include "models/hdrcnn/config.h"

namespace duhdr {

nlohmann::json to_json(const HdrcnnConfig& config);

/// Throws (with the reader's code) on unknown keys and values out of range.
HdrcnnConfig hdrcnn_config_from_json(JsonObject architecture);

}  // namespace duhdr
