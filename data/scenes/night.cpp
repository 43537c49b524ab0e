// SPDX-License-Identifier: Apache-2.0
// Nights: lamps with glow, neon, windows, wet streets, lights out of focus.
#include "data/noise.h"

namespace duhdr::scene {
namespace {

struct Source {
  enum class Kind { lamp, bar, ring, defocused } kind = Kind::lamp;
  float u = 0, v = 0, end_u = 0, end_v = 0, radius = 0, width = 0, strength = 0;
  Rgb colour;
};

std::vector<Source> design(const Canvas& canvas, Draws& draws, float street) {
  std::vector<Source> sources(static_cast<std::size_t>(draws.integer(2, 9)));
  const bool defocused = draws.chance(0.2);
  for (Source& source : sources) {
    source.kind = defocused ? Source::Kind::defocused : static_cast<Source::Kind>(draws.integer(0, 2));
    source.u = draws.in(0.03f, 0.97f) * canvas.width;
    source.v = draws.in(0.1f, 0.97f) * street;
    const bool upright = draws.chance(0.4);
    const float length = draws.in(0.05f, 0.3f);
    source.end_u = source.u + (upright ? 0 : length);
    source.end_v = source.v + (upright ? length : draws.in(-0.03f, 0.03f));
    source.radius = defocused ? draws.in(0.03f, 0.1f) : draws.in(0.03f, 0.12f);
    source.width = source.kind == Source::Kind::lamp ? draws.in(0.004f, 0.02f) : draws.in(0.002f, 0.008f);
    source.strength = defocused ? draws.stops(1, 5) : draws.stops(3, source.kind == Source::Kind::lamp ? 10 : 7);
    source.colour = draws.chance(0.5) ? draws.vivid() : draws.illuminant();
  }
  return sources;
}

/// Distance to the line that shines.
float distance_to(const Source& source, float u, float v) {
  if (source.kind == Source::Kind::bar)
    return distance_to_segment(u, v, source.u, source.v, source.end_u, source.end_v);
  const float away = distance(u, v, source.u, source.v);
  return source.kind == Source::Kind::ring ? std::abs(away - source.radius) : away;
}

void paint_source(Canvas& canvas, const Noise& noise, const Source& source, float reach) {
  const float w = source.width;
  if (source.kind == Source::Kind::defocused) {  // a disc with rings and a brighter rim
    const float r = source.radius;
    canvas.paint(source.u - r, source.v - r, source.u + r, source.v + r, [&](float u, float v, Rgb& out) {
      const float away = distance(u, v, source.u, source.v) / r;
      const float rim = 0.6f + 0.4f * wave(away * 6, canvas.pixel * 6 / r) * away + power_of_two(clamp01(away), 4);
      const float dirt = 0.8f + 0.4f * noise.fractal((u - source.u) * 40 + 9, (v - source.v) * 40 + 9, 2);
      out += source.colour * (source.strength * rim * dirt * canvas.cover((1 - away) * r));
    });
    return;
  }
  canvas.paint([&](float u, float v, Rgb& out) {
    const float away = distance_to(source, u, v);
    const float near = glow(away, w * 2);
    out += source.colour * (source.strength * (0.12f * near * near + 0.003f * glow(away, reach)));
    const float cover = canvas.cover(w - away) * std::min(1.0f, 2 * w / canvas.pixel);
    if (cover <= 0) return;
    const float flicker = 0.7f + 0.6f * noise.value(u * 60, v * 60);
    const Rgb core = mix(source.colour, grey(1), 0.6f * clamp01(1 - away / w));  // tubes are white inside
    out = mix(out, core * (source.strength * flicker), cover);
  });
}

void paint_city(Canvas& canvas, Draws& draws, const Noise& noise, const std::vector<Source>& sources, float street) {
  const Texture walls[] = {Texture{draws, noise, 0.05f, 0.7f, 0.5f}, Texture{draws, noise, 0.05f, 0.7f, 0.8f}};
  const Texture ground{draws, noise, 0.05f, 0.5f, draws.in(0.6f, 2)};
  const Rgb sky = draws.illuminant(-8, -4), ambient = draws.illuminant(-7, -4);
  const float block = draws.in(0.08f, 0.25f), cell = draws.in(0.02f, 0.05f), lit_share = draws.in(0, 0.35f);
  const float window_light = draws.stops(-1, 3), reach = draws.in(0.1f, 0.25f), wet = draws.in(0, 0.6f);
  const float skyline = draws.in(0.2f, 1) * street;
  const Rgb lamp = draws.illuminant();
  const auto light_at = [&](float u, float v) {
    Rgb light = ambient;
    for (const Source& source : sources)
      light += source.colour * (0.03f * source.strength * square(glow(distance_to(source, u, v), reach)));
    return light;
  };
  canvas.paint([&](float u, float v, Rgb& out) {
    if (v > street) {
      const float depth = 0.3f / (v - street + 0.08f);
      const float rough = noise.fractal(u * depth * 10, depth * 30, 3);
      out = ground.at(u * depth, depth, canvas.pixel * depth * 2) * light_at(u, mix(v, street, 0.5f));
      if (wet < 0.1f) return;
      for (const Source& source : sources) {  // lights drawn out on wet ground
        const float away = std::abs(u - source.u + 0.06f * (rough - 0.5f));
        const float far = std::abs(2 * street - v - source.v);
        const float streak = square(glow(away, source.width + 0.012f)) * glow(far, 0.2f) * smooth(0.3f, 0.7f, rough);
        out += source.colour * (source.strength * wet * 0.12f * streak);
      }
      return;
    }
    const int number = static_cast<int>(std::floor(u / block));
    const float top = street - skyline * (0.3f + 0.7f * noise.cell(number, 3));
    if (v < top) {
      out = sky * (0.5f + noise.fractal(u * 3, v * 5, 3));
      return;
    }
    out = walls[number & 1].at(u, v, canvas.pixel) * light_at(u, v);
    const float x = u / cell, y = v / cell * 0.8f;
    const int column = static_cast<int>(std::floor(x)), row = static_cast<int>(std::floor(y));
    const float pane = canvas.cover(cell * inside_box(x - std::floor(x), y - std::floor(y), 0.2f, 0.2f, 0.8f, 0.8f));
    const float lit = noise.cell(column + 40, row);
    if (pane <= 0) return;
    const float inside =
        lit < lit_share ? window_light * (0.3f + noise.value(x * 4, y * 4)) * noise.cell(row, column) : 0;
    out = mix(out, lamp * inside + sky * 0.3f, pane);
  });
}

}  // namespace

void paint_night(Canvas& canvas, Draws& draws, const Noise& noise) {
  const float street = draws.in(0.5f, 1.1f) * canvas.height, reach = draws.in(0.1f, 0.4f);
  const std::vector<Source> sources = design(canvas, draws, street);
  paint_city(canvas, draws, noise, sources, street);
  for (const Source& source : sources) paint_source(canvas, noise, source, reach);
}

}  // namespace duhdr::scene
