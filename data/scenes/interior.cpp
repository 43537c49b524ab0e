// SPDX-License-Identifier: Apache-2.0
// Rooms: a window or two with a bright day outside, lamps, furniture, textured walls.
#include "data/noise.h"

namespace duhdr::scene {
namespace {

struct Window {
  float left = 0, top = 0, right = 0, bottom = 0, frame = 0;
  int columns = 1, rows = 1;
  float light = 0;  // how much brighter than the room's lamps it is outside
  float curtain = 0;
};

struct Lamp {
  float u = 0, v = 0, radius = 0, strength = 0, reach = 0;
  Rgb colour;
  bool shaded = false;
};

struct Room {
  float floor = 0;  // v where the back wall ends
  Rgb day, ambient;
  std::vector<Window> windows;
  std::vector<Lamp> lamps;
};

Room design(const Canvas& canvas, Draws& draws) {
  Room room;
  room.floor = draws.in(0.6f, 0.95f) * canvas.height;
  room.day = draws.illuminant();
  room.ambient = draws.illuminant(-4, -1);
  room.windows.resize(static_cast<std::size_t>(draws.integer(0, 2)));
  for (Window& window : room.windows) {
    const float w = draws.in(0.12f, 0.5f) * canvas.width, h = draws.in(0.25f, 0.6f) * canvas.height;
    window.left = draws.in(-0.1f, 0.9f) * canvas.width;
    window.top = draws.in(0.0f, 0.3f) * canvas.height;
    window.right = window.left + w;
    window.bottom = std::min(window.top + h, room.floor);
    window.frame = draws.in(0.006f, 0.02f);
    window.columns = draws.integer(1, 4);
    window.rows = draws.integer(1, 5);
    window.light = draws.stops(1.5, 7);
    window.curtain = draws.chance(0.4) ? draws.in(0.1f, 0.5f) : 0.0f;
  }
  room.lamps.resize(static_cast<std::size_t>(draws.integer(room.windows.empty() ? 1 : 0, 3)));
  for (Lamp& lamp : room.lamps) {
    lamp.u = draws.in(0.05f, 0.95f) * canvas.width;
    lamp.v = draws.in(0.02f, 0.7f) * canvas.height;
    lamp.radius = draws.in(0.012f, 0.07f);
    lamp.strength = draws.stops(2, 8);
    lamp.reach = draws.in(0.1f, 0.5f);
    lamp.colour = draws.illuminant();
    lamp.shaded = draws.chance(0.5);
  }
  return room;
}

/// Light that reaches (u, v) on walls and furniture.
Rgb light_at(const Room& room, float u, float v) {
  Rgb light = room.ambient;
  for (const Window& window : room.windows) {
    const float du = std::max(std::max(window.left - u, u - window.right), 0.0f);
    const float dv = std::max(std::max(window.top - v, v - window.bottom), 0.0f);
    light += room.day * (0.05f * window.light * glow(std::sqrt(du * du + dv * dv), 0.25f));
  }
  for (const Lamp& lamp : room.lamps) light += lamp.colour * (0.9f * glow(distance(u, v, lamp.u, lamp.v), lamp.reach));
  return light;
}

void paint_walls(Canvas& canvas, Draws& draws, const Noise& noise, const Room& room) {
  const Texture wall{draws, noise, 0.15f, 0.9f, draws.in(0.5f, 2)}, floor{draws, noise, 0.1f, 0.6f, draws.in(0.5f, 2)};
  const float camera = draws.in(0.3f, 0.8f), skirting = draws.in(0, 0.03f);
  const float gloss = draws.chance(0.5) ? draws.in(0.02f, 0.3f) : 0.0f;
  const float patch_u = draws.in(0.1f, 0.8f) * canvas.width, patch_slant = draws.in(-1.5f, 1.5f);
  const float sunlight = room.windows.empty() || draws.chance(0.5) ? 0.0f : room.windows[0].light * draws.in(0.2f, 1);
  canvas.paint([&](float u, float v, Rgb& out) {
    Rgb light = light_at(room, u, v);
    if (v < room.floor) {
      out = wall.at(u, v, canvas.pixel) * light;
      if (v > room.floor - skirting) out = grey(0.6f) * light;
      return;
    }
    const float depth = camera / (v - room.floor + 0.25f), x = (u - 0.5f * canvas.width) * depth;
    const float slanted = u - patch_u - patch_slant * (v - room.floor);
    const float pane = wave(slanted * 7, canvas.pixel * 7) * canvas.cover(0.16f - std::abs(slanted));
    light += room.day * (sunlight * pane * smooth(0.02f, 0.05f, v - room.floor));
    out = floor.at(x, depth, canvas.pixel * depth * 2) * light;
    if (gloss > 0) out += light_at(room, u, 2 * room.floor - v) * gloss;
  });
}

void paint_window(Canvas& canvas, Draws& draws, const Noise& noise, const Room& room, const Window& window) {
  const Texture outside{draws, noise, Texture::Kind::cloudy, draws.reflectance(0.3f, 0.9f), Rgb{0.05f, 0.1f, 0.03f}};
  const float horizon = mix(window.top, window.bottom, draws.in(0.2f, 1.1f)), seed = draws.in(0, 60);
  const Rgb sky = draws.between(Rgb{0.75f, 0.9f, 1.1f}, grey(1.2f)), frame = draws.reflectance(0.1f, 0.9f);
  const float cloud_scale = draws.stops(2, 4);
  const float cell_w = (window.right - window.left) / static_cast<float>(window.columns);
  const float cell_h = (window.bottom - window.top) / static_cast<float>(window.rows);
  const float folds = draws.stops(4.5, 6);
  canvas.paint(window.left, window.top, window.right, window.bottom, [&](float u, float v, Rgb& out) {
    const float cover = canvas.cover(inside_box(u, v, window.left, window.top, window.right, window.bottom));
    if (cover <= 0) return;
    const float edge = horizon - 0.1f * noise.fractal(u * 9 + seed, seed, 3);
    const float clouds = noise.fractal(u * cloud_scale + seed, v * cloud_scale * 2, 4);
    const Rgb above = mix(sky, grey(1.8f), smooth(0.4f, 0.7f, clouds));
    const Rgb below = outside.at(u, v, canvas.pixel) * (0.3f + 0.9f * clouds);
    Rgb colour = mix(above, below, canvas.cover(v - edge)) * room.day * window.light;
    const float x = (u - window.left) / cell_w, y = (v - window.top) / cell_h;
    const float to_bar = std::min(std::min(x - std::floor(x), 1 - x + std::floor(x)) * cell_w,
                                  std::min(y - std::floor(y), 1 - y + std::floor(y)) * cell_h);
    const Rgb bar = frame * (light_at(room, u, v) * 0.3f + room.day * (0.01f * window.light));
    colour = mix(colour, bar, canvas.cover(window.frame - to_bar));
    const float share = (u - window.left) / (window.right - window.left);
    if (window.curtain > 0 && std::min(share, 1 - share) < window.curtain) {
      const float fold = noise.fractal(u * folds + 0.4f * noise.value(v * 4, seed), seed, 3);
      colour = colour * 0.12f + room.day * (window.light * (0.06f + 0.5f * square(fold)));
    }
    out = mix(out, colour, cover);
  });
}

void paint_furniture(Canvas& canvas, Draws& draws, const Noise& noise, const Room& room) {
  const bool hung = draws.chance(0.4);  // a picture on the wall
  const float w = draws.in(0.06f, 0.35f), h = draws.in(0.08f, 0.4f), left = draws.in(-0.1f, 0.95f) * canvas.width;
  const float foot = hung ? draws.in(0.2f, 0.8f) * room.floor : room.floor + draws.in(0, 0.2f);
  const float top = foot - h, right = left + w, rim = hung ? draws.in(0.005f, 0.02f) : 0.0f;
  const Texture texture{draws, noise, 0.03f, 0.8f, draws.in(0.3f, 1)};
  const Rgb border = draws.reflectance(0.05f, 0.8f);
  const float gloss = draws.chance(0.3) ? draws.in(0.05f, 0.5f) : 0.0f;
  canvas.paint(left, top, right, foot, [&](float u, float v, Rgb& out) {
    const float inside = inside_box(u, v, left, top, right, foot);
    const float cover = canvas.cover(inside);
    if (cover <= 0) return;
    const Rgb light = light_at(room, u, v) * (hung ? 1.0f : 0.5f + 0.5f * (foot - v) / h);
    Rgb colour = (inside < rim ? border : texture.at(u, v, canvas.pixel)) * light;
    if (gloss > 0)
      colour += light_at(room, 2 * u - left, v - 0.2f) * (gloss * power_of_two(clamp01(1 - (v - top) / h), 2));
    out = mix(out, colour, cover);
  });
}

void paint_lamp(Canvas& canvas, const Noise& noise, const Lamp& lamp) {
  canvas.paint([&](float u, float v, Rgb& out) {
    const float away = distance(u, v, lamp.u, lamp.v);
    out += lamp.colour * (0.015f * lamp.strength * square(glow(away, lamp.radius * 2)));
    if (lamp.shaded) {  // a cone of cloth, brightest where the bulb is
      const float y = (v - lamp.v) / lamp.radius;
      const float half = lamp.radius * (1.1f + 0.5f * y);
      const float cover = canvas.cover(std::min(half - std::abs(u - lamp.u), lamp.radius - std::abs(v - lamp.v)));
      if (cover <= 0) return;
      const float bulb = glow(away, lamp.radius * 0.6f), weave = 0.75f + 0.5f * noise.value(u * 150, v * 150);
      out = mix(out, lamp.colour * (lamp.strength * (0.08f + 0.5f * bulb) * weave), cover);
    } else {
      const float cover = canvas.disc(away, lamp.radius * 0.6f);
      if (cover <= 0) return;
      const float bulb = 0.25f + 0.75f * glow(away, lamp.radius * 0.15f);
      out = mix(out, lamp.colour * (lamp.strength * 2 * bulb), cover);
    }
  });
}

}  // namespace

void paint_interior(Canvas& canvas, Draws& draws, const Noise& noise) {
  const Room room = design(canvas, draws);
  paint_walls(canvas, draws, noise, room);
  for (const Window& window : room.windows) paint_window(canvas, draws, noise, room, window);
  for (int k = draws.integer(1, 5); k > 0; --k) paint_furniture(canvas, draws, noise, room);
  for (const Lamp& lamp : room.lamps) paint_lamp(canvas, noise, lamp);
}

}  // namespace duhdr::scene
