// SPDX-License-Identifier: Apache-2.0
#include "data/scenes/scene.h"

#include "data/noise.h"

namespace duhdr {
namespace {

using namespace scene;

/// The most light a value may have, beside a mean of 0.5: what a 16-bit float can hold.
constexpr float largest = 6e4f;

/// Light scattered in the lens: a small part of every pixel, spread wide. Without it, black stays black beside a sun.
void add_veil(float* pixels, std::int64_t count, float share) {
  double sum[3] = {0, 0, 0};
  for (std::int64_t i = 0; i < count; ++i)
    for (int c = 0; c < 3; ++c) sum[c] += static_cast<double>(pixels[i * 3 + c]);
  for (int c = 0; c < 3; ++c) {
    const auto veil = static_cast<float>(sum[c] / static_cast<double>(count)) * share;
    for (std::int64_t i = 0; i < count; ++i) pixels[i * 3 + c] += veil;
  }
}

/// Scales to a mean of 0.5. A scene without light becomes grey.
void normalise(float* pixels, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(pixels[i]);
  const double mean = sum / static_cast<double>(count);
  const auto scale = static_cast<float>(mean > 1e-12 ? 0.5 / mean : 0.0);
  const float rest = mean > 1e-12 ? 0.0f : 0.5f;
  for (std::int64_t i = 0; i < count; ++i) pixels[i] = std::min(pixels[i] * scale + rest, largest);
}

}  // namespace

Tensor procedural_scene(std::uint64_t seed, std::uint64_t index, std::int64_t height, std::int64_t width) {
  DUHDR_CHECK(height > 0 && width > 0, "a scene of ", height, " x ", width, " pixels");
  Tensor out = Tensor::zeros({1, height, width, 3}, DType::f32);
  float* pixels = out.mutable_data<float>();
  Draws draws(Philox(seed, 2 * index));
  const Noise noise(Philox(seed, 2 * index + 1));
  Canvas canvas(pixels, height, width);
  using Painter = void (*)(Canvas&, Draws&, const Noise&);
  static constexpr Painter painters[] = {paint_outdoors, paint_outdoors, paint_outdoors, paint_interior, paint_interior,
                                         paint_objects,  paint_objects,  paint_night,    paint_surface,  paint_surface};
  painters[draws.integer(0, 9)](canvas, draws, noise);
  add_veil(pixels, height * width, draws.stops(-11, -6));
  normalise(pixels, out.numel());
  return out;
}

}  // namespace duhdr
