// SPDX-License-Identifier: Apache-2.0
// The numbers of a GainMap as files carry them: both forms state the same ones, in whole millionths.
#pragma once

#include <string>

#include "base/file.h"
#include "image/gain_map.h"

namespace duhdr {

inline constexpr std::string_view gain_map_namespace = "http://ns.adobe.com/hdr-gain-map/1.0/";

/// Properties for xmp_packet(): all of hdrgm.
std::string gain_map_properties(const GainMap& map);

/// The binary metadata of ISO 21496-1: one set of numbers for all channels, gains in the base picture's colours.
Bytes iso_gain_map(const GainMap& map);

/// Its beginning, the versions, which stand alone in the base picture.
Bytes iso_gain_map_version();

}  // namespace duhdr
