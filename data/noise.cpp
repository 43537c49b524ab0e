// SPDX-License-Identifier: Apache-2.0
#include "data/noise.h"

namespace duhdr::scene {

Noise::Noise(const Philox& random) {
  for (std::size_t i = 0; i < values_.size(); i += 4) {
    const Philox::Words words = random.words(i / 4);
    for (std::size_t k = 0; k < 4; ++k) values_[i + k] = static_cast<float>(words.word[k] >> 8) * 0x1.0p-24f;
  }
}

Texture::Texture(Draws& draws, const Noise& noise, float lo, float hi, float size)
    : Texture{
          draws, noise, static_cast<Kind>(draws.integer(0, 6)), draws.reflectance(lo, hi), draws.reflectance(lo, hi),
          size} {}

Texture::Texture(Draws& draws, const Noise& noise, Kind kind, Rgb first, Rgb second, float size)
    : noise_(&noise), kind_(kind), first_(first), second_(second) {
  const float angle = draws.chance(0.5) ? 0.0f : draws.in(-1, 1);
  scale_ = draws.stops(2.3, 5.3) / size;
  cosine_ = (1 - square(angle)) / (1 + square(angle));  // the half-angle formulas: no sin, no cos
  sine_ = 2 * angle / (1 + square(angle));
  shift_ = draws.in(0, 64);
  grain_ = draws.in(0.05f, 0.5f);
  bend_ = draws.chance(0.5) ? draws.in(0, 1.5f) : 0.0f;
}

Rgb Texture::at(float u, float v, float blur) const {
  const float x = (cosine_ * u - sine_ * v) * scale_ + shift_, y = (sine_ * u + cosine_ * v) * scale_ + shift_;
  const float size = blur * scale_;
  const Rgb colour = mix(first_, second_, pattern(x, y, size));
  const float fade = 1.0f - smooth(0.25f, 1.0f, size);  // finer than a pixel: gone
  if (fade <= 0) return colour;
  return colour * (1.0f - grain_ * fade * noise_->fractal(x * 2.3f, y * 2.3f, size < 0.1f ? 3 : 2));
}

float Texture::pattern(float x, float y, float blur) const {
  if (kind_ != Kind::bricks && kind_ != Kind::plain && bend_ > 0) x += bend_ * noise_->value(x * 0.5f, y * 0.5f);
  switch (kind_) {
    case Kind::plain:
      return 0.5f * noise_->value(x * 0.2f, y * 0.2f);
    case Kind::cloudy:
      return smooth(0.3f, 0.7f, noise_->fractal(x * 0.7f, y * 0.7f, 3));
    case Kind::stripes:
      return wave(x * 0.5f, blur * 0.5f);
    case Kind::checker: {
      const float a = wave(x * 0.5f, blur * 0.5f), b = wave(y * 0.5f, blur * 0.5f);
      return a + b - 2 * a * b;
    }
    case Kind::bricks:
      return bricks(x, y, blur);
    case Kind::marble: {
      const float vein = std::abs(2 * noise_->fractal(x * 0.4f, y * 0.4f, 4) - 1);
      return smooth(0.0f, 0.25f, vein);
    }
    case Kind::spots: {
      const Cell cell = nearest_cell(*noise_, x * 0.7f, y * 0.7f);
      return clamp01(0.5f + (0.35f - cell.nearest) / std::max(blur, 0.05f));
    }
  }
  return 0;
}

/// The joints: second_; the bricks: first_ and a little towards second_, each its own.
float Texture::bricks(float x, float y, float blur) const {
  const float row = std::floor(y);
  const int row_index = static_cast<int>(row);
  const float along = x * 0.5f + ((row_index & 1) != 0 ? 0.5f : 0.0f);
  const float column = std::floor(along);
  const float to_edge = std::min(2 * std::min(along - column, 1 - along + column), std::min(y - row, 1 - y + row));
  const float joint = clamp01(0.5f + (0.06f - to_edge) / std::max(blur, 0.03f));
  return std::max(joint, 0.45f * noise_->cell(static_cast<int>(column), row_index));
}

Cell nearest_cell(const Noise& noise, float x, float y) {
  const float fx = std::floor(x), fy = std::floor(y);
  const int ix = static_cast<int>(fx), iy = static_cast<int>(fy);
  Cell found{9, 9, 0, 0};
  for (int j = -1; j <= 1; ++j)
    for (int i = -1; i <= 1; ++i) {
      const float to_x = fx + static_cast<float>(i) + noise.cell(ix + i, iy + j) - x;
      const float to_y = fy + static_cast<float>(j) + noise.cell(iy + j + 31, ix + i + 17) - y;
      const float squared = square(to_x) + square(to_y);
      if (squared < found.nearest) {
        found = {squared, found.nearest, ix + i, iy + j};
      } else {
        found.second = std::min(found.second, squared);
      }
    }
  found.nearest = std::sqrt(found.nearest);
  found.second = std::sqrt(found.second);
  return found;
}

float distance_to_segment(float u, float v, float au, float av, float bu, float bv) {
  const float du = bu - au, dv = bv - av;
  const float t = clamp01(((u - au) * du + (v - av) * dv) / std::max(du * du + dv * dv, 1e-12f));
  return distance(u, v, au + t * du, av + t * dv);
}

namespace {
Rgb unit(Rgb colour) { return colour * (1.0f / luminance(colour.r, colour.g, colour.b)); }
}  // namespace

Rgb Draws::illuminant() {
  static constexpr Rgb table[] = {{1, 0.52f, 0.16f}, {1, 0.70f, 0.38f}, {1, 0.88f, 0.70f}, {1, 0.97f, 0.92f},
                                  {1, 1, 1},         {0.90f, 0.96f, 1}, {0.70f, 0.84f, 1}, {0.52f, 0.72f, 1}};
  if (chance(0.06)) return vivid();
  const float at = in(0, 6.999f);
  const auto k = static_cast<std::size_t>(at);
  Rgb colour = mix(table[k], table[k + 1], at - static_cast<float>(k));
  colour.g *= in(0.95f, 1.05f);  // off the line of black bodies
  return unit(colour);
}

Rgb Draws::illuminant(double lo, double hi) {
  const Rgb colour = illuminant();
  return colour * stops(lo, hi);
}

Rgb Draws::between(Rgb a, Rgb b, double lo, double hi) {
  const Rgb colour = mix(a, b, in(0, 1));
  return colour * stops(lo, hi);
}

Rgb Draws::reflectance(float lo, float hi) {
  const float top = lo + (hi - lo) * square(in(0, 1));
  const float saturation = chance(0.25) ? in(0.5f, 0.95f) : in(0, 0.45f);
  const float hue = in(0, 6);
  const auto ramp = [&](float centre) {
    const float away = std::abs(hue - centre);
    return 1.0f - saturation * clamp01(std::min(away, 6.0f - away) - 1.0f);
  };
  const Rgb colour{ramp(0), ramp(2), ramp(4)};
  return colour * (top / std::max(colour.r, std::max(colour.g, colour.b)));
}

Rgb Draws::vivid() {
  Rgb colour = reflectance(1, 1);
  const float least = std::min(colour.r, std::min(colour.g, colour.b));
  const float keep = in(0.02f, 0.5f) * least;
  colour = {colour.r - least + keep, colour.g - least + keep, colour.b - least + keep};
  return unit({colour.r + 0.02f, colour.g + 0.02f, colour.b + 0.02f});
}

}  // namespace duhdr::scene
