// SPDX-License-Identifier: Apache-2.0
#include "image/display_gain.h"

#include <algorithm>

#include "image/colour.h"
#include "image/colour_transform.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

constexpr std::int64_t least_range = 8192;  // pixels or values for a thread
constexpr float darkest = 1e-6f;            // of linear: a gain on black is not seen

float luminance_at(const float* rgb) { return luminance(rgb[0], rgb[1], rgb[2]); }

float gain_of(float light, float linear, float mask) {
  return 1 + mask * (std::max(1.0f, light / std::max(linear, darkest)) - 1);
}

Tensor transformed(const ColourTransform& transform, const Tensor& light) {
  Tensor out(light.shape(), DType::f32);
  transform.apply(light.data<float>(), out.mutable_data<float>(), light.numel() / 3);
  return out;
}

}  // namespace

Tensor display_gain(const Tensor& light, const Tensor& linear, const Tensor& mask, bool colour, double most) {
  const Shape shape = light.shape();
  DUHDR_CHECK(linear.shape() == shape && mask.shape() == shape.with(3, 1), "gain of ", shape, " over ", linear.shape(),
              ", mask ", mask.shape());
  DUHDR_CHECK(most > 1, "gains up to ", most);
  const auto limit = static_cast<float>(most);
  Tensor gain(colour ? shape : shape.with(3, 1), DType::f32);
  const float* above = light.data<float>();
  const float* below = linear.data<float>();
  const float* where = mask.data<float>();
  float* out = gain.mutable_data<float>();
  parallel_range(mask.numel(), least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (!colour)
        out[i] = std::min(gain_of(luminance_at(above + 3 * i), luminance_at(below + 3 * i), where[i]), limit);
      for (std::int64_t c = 3 * i; colour && c < 3 * i + 3; ++c)
        out[c] = std::min(gain_of(above[c], below[c], where[i]), limit);
    }
  });
  return gain;
}

Tensor display_gain_in(std::span<const std::byte> profile, const Tensor& light, const Tensor& linear,
                       const Tensor& mask, double most) {
  const auto way = ColourTransform::to_primaries(profile);
  if (!way) return display_gain(light, linear, mask, !ColourTransform::to_srgb(profile), most);
  if (way->moves_nothing()) return display_gain(light, linear, mask, true, most);
  return display_gain(transformed(*way, light), transformed(*way, linear), mask, true, most);
}

DisplayLight display_light(const Tensor& codes, const Tensor& gain) {
  const Shape shape = codes.shape();
  DUHDR_CHECK(gain.shape() == shape || gain.shape() == shape.with(3, 1), "gain ", gain.shape(), " of ", shape);
  const std::int64_t channels_per_gain = shape.c() / gain.shape().c();
  Tensor shown(shape, DType::f32);
  const float* code = codes.data<float>();
  const float* factor = gain.data<float>();
  float* out = shown.mutable_data<float>();
  parallel_range(shape.numel(), least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) out[i] = srgb_to_linear(code[i]) * factor[i / channels_per_gain];
  });
  return {shown};
}

}  // namespace duhdr
