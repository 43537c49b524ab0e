// SPDX-License-Identifier: Apache-2.0
// What procedural scenes are painted with: colours, random draws, a canvas, shapes with soft edges. Arithmetic is
// +, -, *, / and sqrt only, which IEEE defines to the last bit; no library functions whose bits differ.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "image/colour.h"

namespace duhdr::scene {

/// Linear light, or a reflectance.
struct Rgb {
  float r = 0, g = 0, b = 0;
};
inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb operator*(Rgb a, Rgb b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline Rgb operator*(Rgb a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Rgb& operator+=(Rgb& a, Rgb b) { return a = a + b; }
inline Rgb mix(Rgb a, Rgb b, float t) { return a * (1.0f - t) + b * t; }
inline float mix(float a, float b, float t) { return a + (b - a) * t; }
inline Rgb grey(float value) { return {value, value, value}; }

inline float clamp01(float x) { return std::min(std::max(x, 0.0f), 1.0f); }
inline float square(float x) { return x * x; }
/// 0 below lo, 1 above hi, smooth between; also for lo > hi.
inline float smooth(float lo, float hi, float x) {
  const float t = clamp01((x - lo) / (hi - lo));
  return t * t * (3.0f - 2.0f * t);
}
/// x^(2^n), for x in [0, 1].
inline float power_of_two(float x, int n) {
  for (; n > 0; --n) x *= x;
  return x;
}
/// Light that falls off around a source: 1 at the centre, a half at `radius`, then with the square of the distance.
inline float glow(float distance, float radius) { return 1.0f / (1.0f + square(distance / radius)); }

inline double exp2_exact(double x) {
  const double whole = std::floor(x);
  const double t = (x - whole) * 0.6931471805599453;
  double sum = 1, term = 1;
  for (int k = 1; k < 16; ++k) sum += term *= t / k;
  return std::ldexp(sum, static_cast<int>(whole));
}

/// The random decisions of one scene, in the order in which they are asked for. C++ leaves open which operand of * or
/// which argument in (...) comes first: no expression draws twice, except within {...}.
class Draws {
 public:
  explicit Draws(const Philox& random) : random_(random) {}
  float in(float lo, float hi) { return lo + (hi - lo) * static_cast<float>(random_.uniform(next_++)); }
  bool chance(double share) { return random_.uniform(next_++) < share; }
  /// lo .. hi, both possible.
  int integer(int lo, int hi) { return std::min(hi, lo + static_cast<int>(in(0, static_cast<float>(hi - lo + 1)))); }
  /// 2^x, x uniform: a factor in stops.
  float stops(double lo, double hi) {
    return static_cast<float>(exp2_exact(lo + (hi - lo) * random_.uniform(next_++)));
  }

  /// Light of luminance 1: candle, bulb, sun, overcast sky, shade; sometimes coloured.
  Rgb illuminant();
  Rgb illuminant(double lo, double hi);  // times 2^x, x in lo .. hi
  /// A colour between a and b, times 2^x, x in lo .. hi.
  Rgb between(Rgb a, Rgb b, double lo = 0, double hi = 0);
  /// A reflectance: mostly dull, sometimes a strong colour; the largest component is in [lo, hi].
  Rgb reflectance(float lo, float hi);
  /// A strong colour of luminance 1: signs, coloured lamps.
  Rgb vivid();

 private:
  Philox random_;
  std::uint64_t next_ = 0;
};

/// The picture in coordinates u in [0, width], v in [0, height] (downwards), whose longer side is 1.
class Canvas {
 public:
  Canvas(float* pixels, std::int64_t rows, std::int64_t columns)
      : pixels_(pixels),
        rows_(rows),
        columns_(columns),
        pixel(1.0f / static_cast<float>(std::max(rows, columns))),
        width(static_cast<float>(columns) * pixel),
        height(static_cast<float>(rows) * pixel) {}

  /// Calls paint(u, v, Rgb&) for the pixels of a rectangle.
  template <class Paint>
  void paint(float left, float top, float right, float bottom, const Paint& function) {
    const std::int64_t x0 = index(left, columns_), x1 = index(right + pixel, columns_);
    const std::int64_t y0 = index(top, rows_), y1 = index(bottom + pixel, rows_);
    for (std::int64_t y = y0; y < y1; ++y)
      for (std::int64_t x = x0; x < x1; ++x) {
        float* p = pixels_ + (y * columns_ + x) * 3;
        Rgb colour{p[0], p[1], p[2]};
        function((static_cast<float>(x) + 0.5f) * pixel, (static_cast<float>(y) + 0.5f) * pixel, colour);
        p[0] = colour.r, p[1] = colour.g, p[2] = colour.b;
      }
  }
  template <class Paint>
  void paint(const Paint& function) {
    paint(0, 0, width, height, function);
  }

  /// Share of a pixel inside an edge: `inside` is the distance to it, positive within.
  float cover(float inside) const { return clamp01(0.5f + inside / pixel); }
  /// The same for a disc, which may be smaller than a pixel.
  float disc(float distance, float radius) const {
    return cover(radius - distance) * std::min(1.0f, square(2 * radius / pixel));
  }

 private:
  std::int64_t index(float at, std::int64_t size) const {
    return static_cast<std::int64_t>(std::min(std::max(at / pixel, 0.0f), static_cast<float>(size)));
  }

  float* pixels_;
  std::int64_t rows_, columns_;

 public:
  float pixel, width, height;
};

inline float distance(float u, float v, float to_u, float to_v) {
  return std::sqrt(square(u - to_u) + square(v - to_v));
}

/// Distance to the edge of a rectangle, positive inside.
inline float inside_box(float u, float v, float left, float top, float right, float bottom) {
  return std::min(std::min(u - left, right - u), std::min(v - top, bottom - v));
}

/// Distance to the line from a to b.
float distance_to_segment(float u, float v, float au, float av, float bu, float bv);

class Noise;

// One painter for each kind of scene. They leave relative radiance of any scale.
void paint_outdoors(Canvas& canvas, Draws& draws, const Noise& noise);
void paint_interior(Canvas& canvas, Draws& draws, const Noise& noise);
void paint_objects(Canvas& canvas, Draws& draws, const Noise& noise);
void paint_night(Canvas& canvas, Draws& draws, const Noise& noise);
void paint_surface(Canvas& canvas, Draws& draws, const Noise& noise);

/// How light falls on ground and hills, and what hides them in the distance.
struct Daylight {
  float horizon = 0.5f;        // v
  float sun_u = 0, sun_v = 0;  // may be outside the picture
  Rgb sun, ambient, haze;      // irradiances, and the colour of far away
  bool sun_seen = false;
};

/// Paints the sky down to `bottom` and tells the light below it.
Daylight paint_sky(Canvas& canvas, Draws& draws, const Noise& noise, float bottom);

}  // namespace duhdr::scene
