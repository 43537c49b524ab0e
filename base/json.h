// SPDX-License-Identifier: Apache-2.0
// Strict JSON: one reader for configurations, model descriptions and the headers of weight files.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace duhdr {

struct JsonLimits {
  std::size_t bytes = std::size_t{1} << 20;
  int depth = 64;  // of nested objects and arrays
};

/// Parses one JSON text (RFC 8259, UTF-8). Refused with `code`, line, column and byte offset: duplicate keys, a
/// byte order mark, comments, trailing commas, anything after the value, invalid UTF-8, control characters,
/// numbers outside the range of a double, and text past the limits, which are checked before parsing.
nlohmann::json parse_json(std::string_view text, const std::string& shown_name, ExitCode code, JsonLimits limits = {});

}  // namespace duhdr
