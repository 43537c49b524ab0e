// SPDX-License-Identifier: Apache-2.0
// GainMap: how much brighter an HDR display shows the parts of an SDR picture, in the terms of Adobe's gain map
// specification 1.0 and ISO 21496-1. On a display that is h times as bright as its white, linear light becomes
//   hdr = (sdr + offset_sdr) 2^(w boost) - offset_hdr,  boost = min_boost + (max_boost - min_boost) (code / 255)^(1 /
//   gamma), w = clamp(log2(h) / max_boost, 0, 1).
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

struct GainMap {
  Tensor log2_gain;                     // [1, h, w, 1 or 3] f32 on the CPU, in stops, within [min_boost, max_boost]
  double min_boost = 0, max_boost = 0;  // stops
  double gamma = 1;
  double offset_sdr = 0, offset_hdr = 0;  // linear light, 1 = white
};

/// Side of a map as a part of the picture's, rounded up.
enum class MapSize { full = 1, half = 2, quarter = 4 };
std::int64_t map_side(std::int64_t picture_side, MapSize size);

/// The map of linear gains, [1, H, W, 1 or 3] f32 on the CPU, each finite and >= 1 (else internal). A sample is the
/// mean gain over its footprint; where that is 1 throughout, its gain is exactly 1 and its code 0. max_boost is that of
/// the brightest sample, in whole millionths, and at least 0.01.
GainMap make_gain_map(const Tensor& gain, MapSize size);

/// The nearest 8-bit codes, u8, of the map's shape.
Tensor gain_map_codes(const GainMap& map);

}  // namespace duhdr
