// SPDX-License-Identifier: Apache-2.0
// DuHdrConfig as the object "architecture" of model.json.
#pragma once

#include <nlohmann/json.hpp>

#include "base/fields.h"
#include "models/duhdr/config.h"

namespace duhdr {

nlohmann::json to_json(const DuHdrConfig& config);

/// Throws (with the reader's code) on unknown keys and values out of range. Widths and "middle" may be left out.
DuHdrConfig config_from_json(JsonObject architecture);

const char* name_of(Trunk trunk);
const char* name_of(Down down);
const char* name_of(Middle middle);

}  // namespace duhdr
