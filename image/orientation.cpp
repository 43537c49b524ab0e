// SPDX-License-Identifier: Apache-2.0
#include "image/orientation.h"

#include <algorithm>

namespace duhdr {

Tensor upright(const Tensor& pixels, int orientation) {
  DUHDR_CHECK(orientation >= 1 && orientation <= 8, "orientation ", orientation);
  if (orientation == 1) return pixels;
  const std::int64_t height = pixels.shape().h(), width = pixels.shape().w(), channels = pixels.shape().c();
  const bool transposed = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Tensor out({1, transposed ? width : height, transposed ? height : width, channels}, DType::f32);
  const float* source = pixels.data<float>();
  float* target = out.mutable_data<float>();
  for (std::int64_t y = 0; y < out.shape().h(); ++y) {
    for (std::int64_t x = 0; x < out.shape().w(); ++x) {
      const std::int64_t row = transposed ? x : y, column = transposed ? y : x;
      const std::int64_t stored_y = from_bottom ? height - 1 - row : row;
      const std::int64_t stored_x = from_right ? width - 1 - column : column;
      target = std::copy_n(source + (stored_y * width + stored_x) * channels, channels, target);
    }
  }
  return out;
}

Tensor as_stored(const Tensor& pixels, int orientation) {
  const bool quarter_turn =
      orientation == 6 || orientation == 8;  // undone by the other one; all others undo themselves
  return upright(pixels, quarter_turn ? 14 - orientation : orientation);
}

}  // namespace duhdr
