// SPDX-License-Identifier: Apache-2.0
#include "image/encode.h"

#include <algorithm>
#include <cmath>

#include "tensor/parallel.h"

namespace duhdr {

void check_light(const Tensor& pixels, std::int64_t channels) {
  DUHDR_CHECK(pixels.defined() && pixels.dtype() == DType::f32 && pixels.device().is_cpu(), "f32 pixels on the CPU");
  const Shape& shape = pixels.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && shape.c() == channels && shape.numel() > 0, "pixels are ", shape);
  const float* first = pixels.data<float>();
  const bool good =
      std::all_of(first, first + pixels.numel(), [](float value) { return value >= 0.0f && std::isfinite(value); });
  DUHDR_CHECK(good, "light is negative, infinite or NaN");
}

Tensor in_primaries(const Tensor& pixels, const Chromaticities& primaries) {
  if (primaries == rec709) return pixels;
  check_light(pixels);
  const Matrix3 matrix = rgb_to_rgb(rec709, primaries);
  Tensor out(pixels.shape(), DType::f32);
  const float* from = pixels.data<float>();
  float* to = out.mutable_data<float>();
  constexpr std::int64_t least_range = 8192;  // pixels for a thread
  parallel_range(pixels.numel() / 3, least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 3 * begin; i < 3 * end; i += 3) {
      const Vector3 light = matrix * Vector3{static_cast<double>(from[i]), static_cast<double>(from[i + 1]),
                                             static_cast<double>(from[i + 2])};
      for (std::size_t c = 0; c < 3; ++c)
        to[i + static_cast<std::int64_t>(c)] = static_cast<float>(std::max(light[c], 0.0));
    }
  });
  return out;
}

std::int64_t count_above_half(const Tensor& pixels) {
  const float* first = pixels.data<float>();
  return std::count_if(first, first + pixels.numel(), [](float value) { return value > largest_half; });
}

Tensor codes_of(const Tensor& values) {
  Tensor out(values.shape(), DType::u8);
  const float* value = values.data<float>();
  std::uint8_t* code = out.mutable_data<std::uint8_t>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    code[i] = static_cast<std::uint8_t>(255.0f * std::clamp(value[i], 0.0f, 1.0f) + 0.5f);
  return out;
}

}  // namespace duhdr
