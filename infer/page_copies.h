// SPDX-License-Identifier: Apache-2.0
// Small copies of a photograph and of what was made of it, as the page of a run embeds them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/file.h"
#include "tensor/tensor.h"

namespace duhdr {

/// Shares of a picture's pixels by the log2 of their luminance over the clip level, in bins of half a stop. What is
/// darker than the first bin counts there, what is brighter than the last one in that.
struct LightHistogram {
  static constexpr int darkest = -12, brightest = 16, bins_a_stop = 2;  // stops
  std::array<double, std::size_t{bins_a_stop} * (brightest - darkest)> shares{};
};

/// pixels: [1, H, W, 3] f32 on the CPU; `light_of`: what makes light of a value; null: they are light.
LightHistogram light_histogram(const Tensor& pixels, double clip_level, float (*light_of)(float) = nullptr);

/// What the pages need of a photograph, taken before its pixels are let go. No tensors: they would count as the
/// engine's.
struct PhotographCopy {
  std::int64_t width = 0, height = 0;
  std::vector<float> light;    // [h, w, 3], 1 = the clip level
  std::vector<float> clipped;  // [h, w]: share of pixels that are clipped (metrics/clipped_mask.h)
  LightHistogram histogram;
};

/// codes: [1, H, W, 3] f32 on the CPU. The copy is averaged by area in linear light to a long side of at most `side`.
PhotographCopy copy_of_photograph(const Tensor& codes, std::int64_t side);

struct PageCopies {
  std::int64_t width = 0, height = 0;
  Bytes photograph;  // JPEG, sRGB
  Bytes light;       // [h, w, 3] half floats, little endian: the result's values, averaged by area
  /// PNG. Red: how far light was invented, the mean of the mask, 0..255 for 0..1; green: how much, stops of the
  /// result's luminance above the photograph's, 0..255 for 0..most_stops.
  Bytes invented;
  static constexpr double most_stops = 8;
  LightHistogram before, after;
  double dazzle = 0;  // stops above the clip level that 0.1 % of the copy's pixels exceed, by their largest channel
};

/// result: [1, H, W, 3] f32 on the CPU, light; mask: [1, H, W, 1] f32, or undefined: the photograph's clipped pixels.
/// clip_level: the result's value at the photograph's clip level.
PageCopies copies_of(const PhotographCopy& photograph, const Tensor& result, const Tensor& mask, double clip_level);

}  // namespace duhdr
