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
      return Chromaticities{0.67f, 0.33f, 0.21f, 0.71f, 0.14f, 0.08f, 0.310f, 0.316f};
    case 5:  // BT.470 System B, G
      return Chromaticities{0.64f, 0.33f, 0.29f, 0.60f, 0.15f, 0.06f, 0.3127f, 0.3290f};
    case 6:  // BT.601 with 525 lines
    case 7:
      return Chromaticities{0.630f, 0.340f, 0.310f, 0.595f, 0.155f, 0.070f, 0.3127f, 0.3290f};
    case 9:  // BT.2020
      return Chromaticities{0.708f, 0.292f, 0.170f, 0.797f, 0.131f, 0.046f, 0.3127f, 0.3290f};
    case 11:  // DCI P3
      return Chromaticities{0.680f, 0.320f, 0.265f, 0.690f, 0.150f, 0.060f, 0.314f, 0.351f};
    case 12:  // Display P3
      return Chromaticities{0.680f, 0.320f, 0.265f, 0.690f, 0.150f, 0.060f, 0.3127f, 0.3290f};
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
