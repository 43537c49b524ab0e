// SPDX-License-Identifier: Apache-2.0
// Colours as code points of ITU-T H.273: the cICP chunk of PNG, "nclx" of HEIF and AVIF.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "image/colour_transform.h"

namespace duhdr {

struct CodePoints {
  std::uint32_t primaries = 2, transfer = 2;  // 2: unspecified
};

/// "PQ" or "HLG" where the codes are those of an HDR display; else empty.
std::string_view hdr_transfer(const CodePoints& points);

/// What they say of an SDR picture; what is unspecified is sRGB's. The curves of video cameras (BT.709, BT.601,
/// BT.2020) stand for sRGB's, as which displays show them (docs/choices.md). Nothing for reserved code points and for
/// those that no photograph has (film, logarithms, XYZ).
std::optional<StatedColours> stated_colours(const CodePoints& points);

}  // namespace duhdr
