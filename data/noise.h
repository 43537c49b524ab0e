// SPDX-License-Identifier: Apache-2.0
// Noise and textures of procedural scenes.
#pragma once

#include <array>

#include "data/scenes/paint.h"

namespace duhdr::scene {

/// Smooth random values on the plane, period 64; independent of any machine's library.
class Noise {
 public:
  explicit Noise(const Philox& random);

  /// In [0, 1], features of size 1.
  float value(float x, float y) const {
    const float fx = std::floor(x), fy = std::floor(y);
    const float tx = x - fx, ty = y - fy;
    const int ix = static_cast<int>(fx), iy = static_cast<int>(fy);
    const float sx = tx * tx * (3.0f - 2.0f * tx), sy = ty * ty * (3.0f - 2.0f * ty);
    const float* upper = &values_[static_cast<std::size_t>((iy & 63) * 64)];
    const float* lower = &values_[static_cast<std::size_t>(((iy + 1) & 63) * 64)];
    const int left = ix & 63, right = (ix + 1) & 63;
    const float a = upper[left] + (upper[right] - upper[left]) * sx;
    const float b = lower[left] + (lower[right] - lower[left]) * sx;
    return a + (b - a) * sy;
  }

  /// Sum of `octaves`, each of half the size and half the strength of the one before; in [0, 1], mean 0.5.
  float fractal(float x, float y, int octaves) const {
    float sum = 0, strength = 1, total = 0;
    for (int k = 0; k < octaves; ++k) {
      sum += strength * value(x, y);
      total += strength;
      strength *= 0.5f;
      const float turned = 1.6f * x + 1.2f * y + 7.3f;  // twice as fine, turned by 37 degrees: no lattice shows
      y = 1.6f * y - 1.2f * x + 3.1f;
      x = turned;
    }
    return sum / total;
  }

  /// One value in [0, 1) for a cell of a grid.
  float cell(int x, int y) const { return values_[static_cast<std::size_t>((y & 63) * 64 + (x & 63))]; }

 private:
  std::array<float, 64 * 64> values_{};
};

/// A reflectance that varies over a surface.
class Texture {
 public:
  enum class Kind { plain, cloudy, stripes, checker, bricks, marble, spots };

  /// Features have about 0.01 to 0.2 of `size`. The reflectances lie in [lo, hi].
  Texture(Draws& draws, const Noise& noise, float lo, float hi, float size = 1);
  Texture(Draws& draws, const Noise& noise, Kind kind, Rgb first, Rgb second, float size = 1);

  /// At (u, v); `blur` is the size of a pixel there.
  Rgb at(float u, float v, float blur) const;

 private:
  float pattern(float x, float y, float blur) const;
  float bricks(float x, float y, float blur) const;

  const Noise* noise_;
  Kind kind_;
  Rgb first_, second_;
  float scale_, cosine_, sine_, shift_, grain_, bend_;
};

/// A wave between 0 and 1 of period 1 with edges of width `blur`; its mean where it is finer than a pixel.
inline float wave(float x, float blur) {
  const float t = x - std::floor(x);
  const float edge = std::min(std::max(blur, 0.02f), 0.5f);
  const float up = clamp01(0.5f + (std::min(t, 1.0f - t) - 0.25f) / edge);
  return mix(up, 0.5f, smooth(0.4f, 1.0f, blur));
}

/// The value of one in 0..1 that is large in cracks between random cells: distance to the nearest and the second
/// nearest point, and which cell it is.
struct Cell {
  float nearest = 0, second = 0;
  int x = 0, y = 0;
};
Cell nearest_cell(const Noise& noise, float x, float y);

}  // namespace duhdr::scene
