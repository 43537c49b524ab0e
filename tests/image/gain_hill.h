// SPDX-License-Identifier: Apache-2.0
// A gain for tests of what is made of it.
#pragma once

#include <algorithm>
#include <cmath>

#include "tensor/tensor.h"

namespace duhdr::files {

/// A smooth hill of up to `stops` in the middle, exactly 1 around it; each channel has its own height.
inline Tensor hill(int width, int height, int channels, double stops) {
  Tensor gain({1, height, width, channels}, DType::f32);
  float* to = gain.mutable_data<float>();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double across = (x + 0.5) / width * 2.2 - 1.1, down = (y + 0.5) / height * 2.2 - 1.1;
      const double slope = std::max(0.0, 1.0 - across * across - down * down);
      for (int c = 0; c < channels; ++c) *to++ = static_cast<float>(std::exp2(stops / (1 + c) * slope * slope));
    }
  return gain;
}

}  // namespace duhdr::files
