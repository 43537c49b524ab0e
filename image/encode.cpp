// SPDX-License-Identifier: Apache-2.0
#include "image/encode.h"

#include <algorithm>
#include <cmath>

namespace duhdr {

void check_light(const Tensor& pixels) {
  DUHDR_CHECK(pixels.defined() && pixels.dtype() == DType::f32 && pixels.device().is_cpu(), "f32 pixels on the CPU");
  const Shape& shape = pixels.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && shape.c() == 3 && shape.numel() > 0, "pixels are ", shape);
  const float* first = pixels.data<float>();
  const bool good =
      std::all_of(first, first + pixels.numel(), [](float value) { return value >= 0.0f && std::isfinite(value); });
  DUHDR_CHECK(good, "light is negative, infinite or NaN");
}

std::int64_t count_above_half(const Tensor& pixels) {
  const float* first = pixels.data<float>();
  return std::count_if(first, first + pixels.numel(), [](float value) { return value > largest_half; });
}

}  // namespace duhdr
