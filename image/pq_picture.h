// SPDX-License-Identifier: Apache-2.0
// Display light as codes of Rec. ITU-R BT.2100 PQ, and what files tell displays about it.
#pragma once

#include <cstdint>
#include <vector>

#include "image/colour.h"
#include "image/display_gain.h"

namespace duhdr {

/// Code points of ITU-T H.273, as files state them.
struct PqCodePoints {
  static constexpr std::uint32_t rec2020 = 9, pq = 16, rgb = 0, rec2020_luma = 9, full_range = 1;
};

struct PqPicture {
  std::int64_t width = 0, height = 0;
  int depth = 0;                     // bits of a code
  std::vector<std::uint16_t> codes;  // R G B of Rec. 2020 primaries, full range
  double max_light = 0;              // MaxCLL: the largest of R, G and B, in cd/m^2 (CTA-861)
  double mean_light = 0;             // MaxFALL: the mean over the pixels of their largest of R, G and B, in cd/m^2
  double peak = 0;                   // cd/m^2 that no R, G or B is above
};

/// What the light of a PqPicture lies within: it was Rec. 709 light, and the clip at the peak, channel by channel of
/// Rec. 2020, moves it towards white.
inline constexpr Chromaticities pq_picture_gamut = rec709;
inline constexpr double least_luminance = 0.0001;  // cd/m^2; ST 2086 has none below

/// code = round((2^depth - 1) PQ(min(peak, white x))), x the light in Rec. 2020 primaries; `white` in cd/m^2 of light
/// 1.0. Above the peak R, G and B are clipped each by itself, as Rep. ITU-R BT.2408 has it for displays. depth 10, 12
/// or 16, 0 < white <= peak <= 10000 (else internal).
PqPicture make_pq_picture(const DisplayLight& light, double white, double peak, int depth);

}  // namespace duhdr
