// SPDX-License-Identifier: Apache-2.0
// Pictures of an evaluation as a page embeds them: small JPEGs whose codes stand for light in stops, or for the values
// of a map.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/evaluation.h"

namespace duhdr {

/// A picture of 8-bit codes, which stand for s = low + code / 255 * (high - low). Light: a channel is 2^s - toe, so a
/// step is at most 21 / 255 = 0.08 stops well above the toe, ever less light below it, and JPEG adds about one code. A
/// map: s is its value, the same in all channels.
struct CodedPicture {
  std::int64_t width = 0, height = 0;
  double low = 0, high = 0;
  std::string jpeg;  // base64
};

/// Light from none to 2^9 times the clip level, what is above as that; a picture that spans less has the finer steps of
/// its own range. The toe keeps the noise of a channel that is nearly dark from filling the codes.
inline constexpr double toe_stop = -12, highest_stop = 9;  // toe = 2^toe_stop

/// The long side of every embedded picture, at most 480: the more pictures, the smaller. 20 pairs of 15 methods with
/// their maps stay below 15 MB.
std::int64_t embedded_side(const Evaluation& evaluation);

/// [1, h, w, 3] f32, linear light, averaged by area to a long side of at most `side`. NaN counts as no light.
CodedPicture code_light(const Tensor& light, std::int64_t side);

/// The photograph's codes in 0..1 (sRGB) as linear light.
Tensor light_of_codes(const Tensor& codes);

/// [1, h, w, 1] f32 from 0 to `top`, larger values as `top`, NaN as 0; averaged by area.
CodedPicture code_map(const Tensor& map, double top, std::int64_t side);

/// Where a colour scale for all of `maps` ends: the value that 99 % of their pixels do not exceed, rounded up to one
/// digit of 1, 2 or 5; 1 when there is nothing to show.
double scale_top(const std::vector<Tensor>& maps);

}  // namespace duhdr
