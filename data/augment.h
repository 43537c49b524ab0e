// SPDX-License-Identifier: Apache-2.0
// Geometry of augmentation: windows of resized images, quarter turns and flips. Serial: loaders run it on many threads.
#pragma once

#include <cstdint>
#include <utility>

#include "data/draws.h"
#include "tensor/tensor.h"

namespace duhdr {

struct CropWindow {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
};

/// An image twice as wide as high is taken for a panorama of all directions. Towards its poles everything is drawn out
/// sideways: of its rows, `height` in all, the outer eighths are not used. Rows [first, last).
bool is_panorama(const Tensor& image);
std::pair<std::int64_t, std::int64_t> used_rows(bool panorama, std::int64_t height);

/// Where to cut a square of `patch` out of rows [first_row, last_row) of an image `width` wide. Random: anywhere.
/// Otherwise centred, and moved by a draw along the longer side alone.
CropWindow choose_window(std::int64_t first_row, std::int64_t last_row, std::int64_t width, std::int64_t patch,
                         bool random, const Philox& draws);

/// A part of `image` [1, H, W, C], f32 or u8.
Tensor cropped(const Tensor& image, const CropWindow& window);

/// The same part of what `image` (f32) would be after resizing to [height, width]; the rest is not computed. Each axis
/// on its own: exact area average where it shrinks, linear between pixel centres where it grows.
Tensor cropped_of_resized(const Tensor& image, std::int64_t height, std::int64_t width, const CropWindow& window);

/// One of the eight symmetries of a square: first the flips, then `quarters` turns counter-clockwise.
struct Turn {
  int quarters = 0;
  bool mirror = false;  // left and right change places
  bool upend = false;   // top and bottom change places
};

/// quarters uniform in 0..3, each flip with probability 1/2.
Turn choose_turn(const Philox& draws);

/// `image` [1, h, w, C], f32 or u8.
Tensor turned(const Tensor& image, const Turn& turn);

/// Values in [0, 1] of 8-bit codes [1, h, w, 3], the way back from codes_of(): exactly float(code) / 255.
Tensor values_of(const Tensor& codes);

}  // namespace duhdr
