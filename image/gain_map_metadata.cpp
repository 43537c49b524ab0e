// SPDX-License-Identifier: Apache-2.0
#include "image/gain_map_metadata.h"

#include <cmath>
#include <cstdio>

#include "image/bytes.h"

namespace duhdr {
namespace {

constexpr std::uint32_t denominator = 1'000'000;

std::int32_t millionths(double value) {
  DUHDR_CHECK(std::abs(value) < 1000.0, "metadata ", value);
  return static_cast<std::int32_t>(std::lround(value * denominator));
}

std::string decimal(double value) {
  const long all = millionths(value);
  char text[32];
  std::snprintf(text, sizeof(text), "%s%ld.%06ld", all < 0 ? "-" : "", std::labs(all) / denominator,
                std::labs(all) % denominator);
  return text;
}

void append_fraction(Bytes& to, double value) {
  append_u32(to, static_cast<std::uint32_t>(millionths(value)));
  append_u32(to, denominator);
}

}  // namespace

std::string gain_map_properties(const GainMap& map) {
  return message("xmlns:hdrgm=\"", gain_map_namespace, "\" hdrgm:Version=\"1.0\" hdrgm:BaseRenditionIsHDR=\"False\"",
                 " hdrgm:GainMapMin=\"", decimal(map.min_boost), "\" hdrgm:GainMapMax=\"", decimal(map.max_boost),
                 "\" hdrgm:Gamma=\"", decimal(map.gamma), "\" hdrgm:OffsetSDR=\"", decimal(map.offset_sdr),
                 "\" hdrgm:OffsetHDR=\"", decimal(map.offset_hdr), "\" hdrgm:HDRCapacityMin=\"", decimal(0.0),
                 "\" hdrgm:HDRCapacityMax=\"", decimal(map.max_boost), "\"/>");
}

Bytes iso_gain_map_version() { return Bytes(4); }  // least version to read it, and version of the writer: 0

Bytes iso_gain_map(const GainMap& map) {
  constexpr std::uint32_t use_base_colour_space = 0x40;  // the only flag set: not one set of numbers a channel
  Bytes block = iso_gain_map_version();
  append_byte(block, use_base_colour_space);
  for (const double value :
       {0.0, map.max_boost, map.min_boost, map.max_boost, map.gamma, map.offset_sdr, map.offset_hdr})
    append_fraction(block, value);
  return block;
}

}  // namespace duhdr
