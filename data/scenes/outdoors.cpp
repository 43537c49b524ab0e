// SPDX-License-Identifier: Apache-2.0
// Outdoors: ground, hills, houses and water below a sky.
#include "data/noise.h"

namespace duhdr::scene {
namespace {

/// Hills one behind the other, or trees: an uneven edge against what is behind.
void paint_hill(Canvas& canvas, Draws& draws, const Noise& noise, const Daylight& light, float top, float bottom,
                float nearness) {
  const bool trees = draws.chance(0.4);
  const float frequency = draws.stops(1, 2.5), rough = trees ? draws.in(0.03f, 0.08f) : draws.in(0, 0.01f);
  const float rise = draws.in(0.05f, 0.22f), seed = draws.in(0, 60), fine = draws.stops(4, 6);
  const Rgb base = trees ? Rgb{0.06f, 0.10f, 0.03f} * draws.stops(-1, 1) : draws.reflectance(0.08f, 0.5f);
  const Texture texture{draws, noise,        trees ? Texture::Kind::spots : Texture::Kind::cloudy,
                        base,  base * 0.35f, 0.3f + nearness};
  const float haze = square(1 - nearness) * draws.in(0.1f, 0.9f), shade = draws.in(0.0f, 0.9f);
  const float side = light.sun_u > 0.5f * canvas.width ? 1.0f : -1.0f;
  std::vector<float> edges, slopes;  // by column
  for (float u = 0.5f * canvas.pixel; u < canvas.width + canvas.pixel; u += canvas.pixel) {
    const auto edge_at = [&](float at) { return top - rise * (noise.fractal(at * frequency + seed, seed, 3) - 0.3f); };
    const float edge = edge_at(u);
    slopes.push_back((edge_at(u + 0.03f) - edge) * 12.0f * side);
    edges.push_back(edge - rough * noise.fractal(u * fine, seed, 3));
  }
  canvas.paint(0, top - rise - rough, canvas.width, canvas.height, [&](float u, float v, Rgb& out) {
    const auto column = std::min(static_cast<std::size_t>(u / canvas.pixel), edges.size() - 1);
    const float slope = slopes[column], cover = canvas.cover(v - edges[column]);
    if (cover <= 0 || v > bottom) return;
    const float bump = noise.fractal(u * fine + seed, v * fine * 2, 3);
    const float facing = clamp01(0.55f + slope + 1.5f * (bump - 0.5f)) * (1.0f - shade);
    const Rgb lit = texture.at(u, v, canvas.pixel) * (light.sun * facing + light.ambient * (0.4f + 0.6f * bump));
    out = mix(out, mix(lit, light.haze, haze), cover);
  });
}

struct House {
  float left, right, top, cell_w, cell_h, lit_side, mirror;
  int number;
};

void paint_house(Canvas& canvas, const Noise& noise, const Daylight& light, const Texture& wall, const House& house,
                 float lamps) {
  const Rgb sky = light.haze;
  canvas.paint(house.left, house.top, house.right, canvas.height, [&](float u, float v, Rgb& out) {
    const float cover = canvas.cover(std::min(std::min(u - house.left, house.right - u), v - house.top));
    if (cover <= 0) return;
    Rgb colour = wall.at(u, v, canvas.pixel) * (light.sun * house.lit_side + light.ambient);
    const float x = (u - house.left) / house.cell_w, y = (v - house.top) / house.cell_h;
    const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
    const float fx = x - std::floor(x), fy = y - std::floor(y);
    const float pane = canvas.cover(inside_box(fx * house.cell_w, fy * house.cell_h, 0.25f * house.cell_w,
                                               0.2f * house.cell_h, 0.75f * house.cell_w, 0.8f * house.cell_h));
    if (pane > 0) {
      const float kind = noise.cell(column + house.number * 7, row + 11);
      Rgb glass = sky * (0.05f + 0.35f * fy + 0.4f * square(noise.cell(row, column + house.number)));
      if (kind > 0.93f) glass = light.sun * (house.mirror * (0.3f + 0.7f * noise.value(x * 3, y * 3)));
      if (kind < lamps) glass = Rgb{1.4f, 0.9f, 0.4f} * (2.0f + 12.0f * kind);
      colour = mix(colour, glass, pane);
    }
    out = mix(out, colour, cover);
  });
}

void paint_town(Canvas& canvas, Draws& draws, const Noise& noise, const Daylight& light) {
  const Texture walls[] = {
      Texture{draws, noise, Texture::Kind::bricks, draws.reflectance(0.2f, 0.7f), grey(0.4f), 0.4f},
      Texture{draws, noise, Texture::Kind::plain, draws.reflectance(0.5f, 0.9f), grey(0.5f), 0.5f},
      Texture{draws, noise, 0.1f, 0.9f, 0.6f}};
  const float lamps = draws.chance(0.3) ? draws.in(0, 0.3f) : 0.0f, tallest = draws.in(0.2f, 0.6f) * light.horizon;
  float at = draws.in(-0.2f, 0.3f) * canvas.width;
  for (int number = 0; number < 12 && at < canvas.width; ++number) {
    House house{};
    house.left = at;
    house.right = at + draws.in(0.06f, 0.3f);
    house.top = light.horizon - tallest * draws.in(0.15f, 1);
    house.cell_w = draws.in(0.02f, 0.06f);
    house.cell_h = draws.in(0.025f, 0.07f);
    house.lit_side = draws.chance(0.5) ? draws.in(0.5f, 1) : draws.in(0, 0.1f);
    house.mirror = draws.stops(1, 6);
    house.number = number;
    paint_house(canvas, noise, light, walls[draws.integer(0, 2)], house, lamps);
    at = house.right + (draws.chance(0.4) ? draws.in(0, 0.2f) : 0.0f);
  }
}

/// Ground in perspective, from `top` down.
void paint_ground(Canvas& canvas, Draws& draws, const Noise& noise, const Daylight& light, float top) {
  const Texture texture{draws, noise, 0.08f, 0.6f, draws.in(0.8f, 4)};
  const float centre = 0.5f * canvas.width, camera = draws.in(0.1f, 0.4f);
  const float shadow = draws.in(0.35f, 0.7f), shadow_scale = draws.stops(-0.5, 1.5);
  canvas.paint(0, top, canvas.width, canvas.height, [&](float u, float v, Rgb& out) {
    const float below = v - top + 0.5f * canvas.pixel;
    const float depth = camera / (below + 0.01f), x = (u - centre) * depth / camera;
    const float blur = canvas.pixel * depth / camera * (1.0f + depth);
    const float lit = smooth(shadow - 0.06f, shadow + 0.06f, noise.fractal(x * shadow_scale, depth * shadow_scale, 2));
    const Rgb colour = texture.at(x, depth, blur) * (light.sun * (1.0f - 0.9f * lit) + light.ambient);
    out = mix(out, mix(colour, light.haze, clamp01(depth * 0.02f)), canvas.cover(v - top));
  });
}

/// Water: the picture above it upside down, broken by waves, and glitter below the sun.
void paint_water(Canvas& canvas, Draws& draws, const Noise& noise, const Daylight& light, float top) {
  const Rgb deep = Rgb{0.02f, 0.06f, 0.08f} * draws.stops(-1, 1), above = light.haze * draws.in(0.3f, 0.8f);
  const float sharp = draws.in(0.5f, 0.62f), strength = draws.stops(1, 6.5), spread = draws.in(0.05f, 0.25f);
  const float scale = draws.stops(-0.5, 1);
  canvas.paint(0, top, canvas.width, canvas.height, [&](float u, float v, Rgb& out) {
    const float below = v - top + canvas.pixel, depth = 0.3f / (below + 0.02f);
    const float x = u * depth * 8 * scale, y = depth * 22 * scale;
    const float waves = noise.fractal(x, y, 3);
    const float mirror = clamp01(0.25f + 0.3f * depth * 0.1f + 1.2f * (waves - 0.4f));
    Rgb colour = mix(deep, above, mirror);
    const float path = glow(u - light.sun_u, spread + 0.4f * below);
    const float glitter = smooth(sharp, sharp + 0.16f, waves) * square(path);
    colour += light.sun * (strength * glitter);
    out = mix(out, colour, canvas.cover(v - top));
  });
}

}  // namespace

void paint_outdoors(Canvas& canvas, Draws& draws, const Noise& noise) {
  const float bottom = draws.in(0.35f, 1.05f) * canvas.height;
  const Daylight light = paint_sky(canvas, draws, noise, bottom);
  const int hills = draws.integer(0, 3);
  for (int k = 0; k < hills; ++k)
    paint_hill(canvas, draws, noise, light, bottom + 0.03f * static_cast<float>(k), bottom + 0.15f,
               static_cast<float>(k + 1) / static_cast<float>(hills + 1));
  if (draws.chance(0.45)) paint_town(canvas, draws, noise, light);
  const float top = bottom + (hills > 0 ? 0.04f : 0.0f);
  if (draws.chance(0.35)) {
    paint_water(canvas, draws, noise, light, top);
  } else {
    paint_ground(canvas, draws, noise, light, top);
  }
}

}  // namespace duhdr::scene
