// SPDX-License-Identifier: Apache-2.0
#include "image/cicp.h"

namespace duhdr {
namespace {

std::optional<Chromaticities> primaries_of(std::uint32_t code) {
  switch (code) {
    case 1:  // BT.709, sRGB
    case 2:
      return rec709;
    case 4:  // BT.470 System M
      return Chromaticities{0.67, 0.33, 0.21, 0.71, 0.14, 0.08, 0.310, 0.316};
    case 5:  // BT.470 System B, G
      return Chromaticities{0.64, 0.33, 0.29, 0.60, 0.15, 0.06, 0.3127, 0.3290};
    case 6:  // BT.601 with 525 lines
    case 7:
      return Chromaticities{0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290};
    case 9:  // BT.2020
      return rec2020;
    case 11:  // DCI P3
      return Chromaticities{0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351};
    case 12:  // Display P3
      return display_p3;
    default:
      return std::nullopt;
  }
}

/// StatedColours::exponent.
std::optional<double> exponent_of(std::uint32_t code) {
  switch (code) {
    case 1:  // BT.709
    case 2:
    case 6:   // BT.601
    case 13:  // sRGB
    case 14:  // BT.2020
    case 15:
      return 0;
    case 4:
      return 2.2;
    case 5:
      return 2.8;
    case 8:
      return 1;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view hdr_transfer(const CodePoints& points) {
  return points.transfer == 16 ? "PQ" : points.transfer == 18 ? "HLG" : "";
}

std::optional<StatedColours> stated_colours(const CodePoints& points) {
  const auto primaries = primaries_of(points.primaries);
  const auto exponent = exponent_of(points.transfer);
  if (!primaries || !exponent) return std::nullopt;
  return StatedColours{*primaries, *exponent};
}

}  // namespace duhdr
