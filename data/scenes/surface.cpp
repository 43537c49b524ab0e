// SPDX-License-Identifier: Apache-2.0
// Surfaces close by, with structure in the light itself: dappled walls, stained glass, fire, screens.
#include "data/noise.h"

namespace duhdr::scene {
namespace {

/// Textured surfaces side by side, sunlit through leaves or blinds, or by a spotlight.
void paint_dappled(Canvas& canvas, Draws& draws, const Noise& noise) {
  const Texture first{draws, noise, 0.2f, 0.95f}, second{draws, noise, 0.05f, 0.95f};
  const float slant = draws.in(-0.6f, 0.6f), border = draws.in(0.2f, 0.8f) * canvas.width;
  const Rgb shade = draws.illuminant(-4, -0.5), sun = draws.illuminant(1.5, 5);
  const float kind = draws.in(0, 1), scale = draws.stops(0.8, 3), edge = draws.in(0.02f, 0.2f);
  const float level = draws.in(0.45f, 0.65f), spot_u = draws.in(0, 1) * canvas.width, gloss = draws.stops(-3, 2);
  const float spot_v = draws.in(0, 1) * canvas.height, spot_size = draws.in(0.08f, 0.4f);
  canvas.paint([&](float u, float v, Rgb& out) {
    const float away = distance(u, v, spot_u, spot_v);
    float lit = square(glow(away, spot_size)) + 0.5f * smooth(spot_size, spot_size * 0.85f, away);
    const float leaves = noise.fractal(u * scale * 2, v * scale * 2, 3);
    if (kind < 0.45f) lit = smooth(level, level + edge, leaves);
    if (kind > 0.8f) lit = wave((v + slant * u) * scale * 2.5f, edge) * (0.4f + 0.6f * lit);
    const float side = canvas.cover(u + slant * v - border);
    const Rgb albedo = mix(first.at(u, v, canvas.pixel), second.at(u, v, canvas.pixel), side);
    const float bumps = noise.fractal(u * 40, v * 40, 2);
    const float sparkle = smooth(0.72f, 0.85f, bumps) * gloss;  // grains that mirror the sun
    out = albedo * (shade + sun * lit) + sun * (lit * sparkle * side);
  });
}

/// Coloured panes in a dark wall, each with its own light and streaks.
void paint_glass(Canvas& canvas, Draws& draws, const Noise& noise) {
  const float scale = draws.stops(1.5, 3.5), lead = draws.in(0.03f, 0.12f), range = draws.in(1, 6);
  const Texture wall{draws, noise, 0.1f, 0.7f};
  const Rgb inside = draws.illuminant(-4, -1);
  const float centre = draws.in(0.2f, 0.8f) * canvas.width, half = draws.in(0.15f, 0.5f), arch = draws.in(0, 0.4f);
  Rgb colours[6];
  for (Rgb& colour : colours) colour = draws.chance(0.7) ? draws.vivid() : draws.illuminant();
  float levels[16];
  for (float& level : levels) level = draws.stops(-1, range);
  canvas.paint([&](float u, float v, Rgb& out) {
    const float away = distance(u, v, centre, half + arch);
    const float opening = v < half + arch ? half - away : half - std::abs(u - centre);
    const float cover = canvas.cover(opening);
    if (cover < 1) out = wall.at(u, v, canvas.pixel) * (inside + colours[0] * (0.1f * levels[0] * glow(opening, 0.1f)));
    if (cover <= 0) return;
    const Cell cell = nearest_cell(noise, u * scale * 3, v * scale * 3);
    const float which = noise.cell(cell.x + 5, cell.y + 9);
    const float streaks = 0.35f + 1.3f * noise.fractal(u * 25 + which * 50, v * 6 + which * 30, 3);
    const float to_lead = 0.5f * (cell.second - cell.nearest);
    const float open = clamp01(0.5f + (to_lead - 0.5f * lead) / std::max(canvas.pixel * scale * 3, 0.01f));
    const Rgb colour = colours[static_cast<std::size_t>(which * 5.99f)];
    const float level = levels[static_cast<std::size_t>(noise.cell(cell.y, cell.x) * 15.99f)];
    out = mix(out, colour * (level * streaks * (0.02f + 0.98f * open)), cover);
  });
}

/// Flames: hotter is brighter and whiter. Lights the wall behind.
void paint_fire(Canvas& canvas, Draws& draws, const Noise& noise) {
  const Texture wall{draws, noise, 0.1f, 0.6f};
  const float centre = draws.in(0.2f, 0.8f) * canvas.width, base = draws.in(0.75f, 1.1f) * canvas.height;
  const float tall = draws.in(0.25f, 0.8f), wide = draws.in(0.06f, 0.25f), strength = draws.stops(3, 8);
  const float scale = draws.stops(1.5, 3), seed = draws.in(0, 50);
  const Rgb ambient = draws.illuminant(-6, -2);
  canvas.paint([&](float u, float v, Rgb& out) {
    const float away = distance(u, v, centre, base - 0.3f * tall);
    out = wall.at(u, v, canvas.pixel) * (ambient + Rgb{1.6f, 0.9f, 0.3f} * (0.03f * strength * glow(away, 0.25f)));
    const float up = (base - v) / tall;
    if (up < -0.1f || up > 1.3f) return;
    const float sway = (noise.fractal(v * scale * 2, seed, 2) - 0.5f) * up;
    const float body = 1 - std::abs(u - centre + sway * wide * 3) / (wide * (1.15f - 0.8f * clamp01(up)));
    const float tongues = noise.fractal((u + sway * 0.3f) * scale * 3 + seed, v * scale + seed, 4);
    const float heat = clamp01(body * 0.9f - up * 0.8f + 1.6f * (tongues - 0.38f)) * smooth(-0.1f, 0.05f, up);
    const float hot = heat * heat;
    out += Rgb{1.8f * heat, 1.2f * hot, 0.6f * hot * heat} * (strength * heat * hot);
  });
}

/// Bright screens and signs with pictures and letters on them, in a dim room.
void paint_screens(Canvas& canvas, Draws& draws, const Noise& noise) {
  const Texture wall{draws, noise, 0.08f, 0.8f};
  const Rgb room = draws.illuminant(-4, 0);
  const float lamp_u = draws.in(0, 1) * canvas.width;
  canvas.paint([&](float u, float v, Rgb& out) {
    out = wall.at(u, v, canvas.pixel) * room * (0.3f + 1.4f * glow(distance(u, v, lamp_u, 0), 0.5f));
  });
  for (int k = draws.integer(1, 4); k > 0; --k) {
    const float w = draws.in(0.15f, 0.6f), h = draws.in(0.1f, 0.45f);
    const float left = draws.in(-0.1f, 0.8f) * canvas.width, top = draws.in(-0.1f, 0.8f) * canvas.height;
    const Texture picture{draws, noise, 0.03f, 1.0f, draws.in(0.3f, 1)};
    const Rgb light = draws.illuminant(0, 6), colour_of_ink = draws.vivid(), ink = colour_of_ink * draws.in(0, 0.5f);
    const float letter = draws.in(0.015f, 0.05f);
    const bool text = draws.chance(0.6);
    canvas.paint(left - 0.2f, top - 0.2f, left + w + 0.2f, top + h + 0.2f, [&](float u, float v, Rgb& out) {
      const float inside = inside_box(u, v, left, top, left + w, top + h);
      if (inside < 0) out += light * (0.02f * square(glow(inside, 0.05f)) * smooth(-0.2f, -0.1f, inside));
      const float cover = canvas.cover(inside);
      if (cover <= 0) return;
      Rgb colour = picture.at(u, v, canvas.pixel);
      const float x = (u - left) / letter * 3, y = (v - top) / letter * 3;  // letters: cells of 3 x 5 blocks
      const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
      const bool line = row % 8 > 1 && row % 8 < 7 && column % 4 != 0;
      if (text && line && noise.cell(column, row) > 0.45f) colour = ink;
      out = mix(out, colour * light * (0.7f + 0.6f * (v - top) / h), cover);
    });
  }
}

}  // namespace

void paint_surface(Canvas& canvas, Draws& draws, const Noise& noise) {
  switch (draws.integer(0, 4)) {
    case 0:
      return paint_glass(canvas, draws, noise);
    case 1:
      return paint_fire(canvas, draws, noise);
    case 2:
      return paint_screens(canvas, draws, noise);
    default:
      return paint_dappled(canvas, draws, noise);
  }
}

}  // namespace duhdr::scene
