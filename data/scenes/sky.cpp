// SPDX-License-Identifier: Apache-2.0
// Skies: gradients, clouds, the sun.
#include "data/noise.h"

namespace duhdr::scene {
namespace {

struct Sky {
  Rgb zenith, horizon, band;  // band: the colours of a low sun along the horizon
  float band_height = 0;
  Rgb sun_colour;
  float sun_radius = 0, disc = 0;  // radiance of the disc
  float halo = 0, halo_radius = 0, aureole = 0;
  float cover = 0, softness = 0, scale = 0, stretch = 0, shift = 0, cloud_light = 0;
  Rgb cloud, shade;
  bool low_sun = false;
};

Sky design(Draws& draws, bool low_sun) {
  Sky sky;
  sky.low_sun = low_sun;
  const float overcast = draws.chance(0.25) ? draws.in(0.6f, 1) : draws.in(0, 0.3f);
  sky.zenith = draws.between(Rgb{0.10f, 0.22f, 0.62f}, {0.35f, 0.52f, 0.9f}, -0.7, 0.5);
  sky.horizon = draws.between(Rgb{0.6f, 0.8f, 1.0f}, {1.0f, 0.97f, 0.9f}, -0.3, 0.6);
  if (low_sun) {
    sky.zenith = sky.zenith * draws.stops(-2.5, -0.5);
    sky.horizon = draws.between(Rgb{0.95f, 0.45f, 0.22f}, {1.1f, 0.75f, 0.5f}, -1, 0.3);
    sky.band = draws.between(Rgb{1.9f, 0.8f, 0.12f}, {1.6f, 0.45f, 0.4f}, -1, 1.5);
    sky.band_height = draws.in(0.05f, 0.3f);
    sky.sun_colour = draws.between(Rgb{1.5f, 0.75f, 0.2f}, {1.35f, 0.95f, 0.6f});
  } else {
    const Rgb dull = grey(draws.in(0.4f, 1.2f));
    sky.zenith = mix(sky.zenith, dull, overcast);
    sky.horizon = mix(sky.horizon, dull, overcast);
    sky.sun_colour = draws.between(Rgb{1.1f, 1, 0.8f}, {1.02f, 1, 0.95f});
  }
  sky.cover = draws.in(0.36f, 0.72f);
  sky.softness = draws.in(0.04f, 0.3f);
  sky.scale = draws.in(0.4f, 1.6f);
  sky.stretch = draws.chance(0.3) ? draws.in(2, 5) : 1.0f;
  sky.shift = draws.in(0, 60);
  sky.cloud_light = draws.stops(0, 3);
  sky.cloud = draws.between(grey(1), low_sun ? Rgb{1.3f, 0.75f, 0.5f} : sky.sun_colour);
  sky.shade = mix(mix(sky.zenith, sky.horizon, 0.5f), grey(0.5f), draws.in(0.2f, 0.9f));
  sky.shade = sky.shade * draws.stops(-1.3, 0.2);
  return sky;
}

/// The disc's radiance follows from its share of all light: a small sun may be 1e5 times brighter than the sky.
void design_sun(Sky& sky, Draws& draws, bool seen) {
  sky.sun_radius = draws.stops(-8.6, -6.2);
  const float area = 3.14f * square(sky.sun_radius);
  sky.disc = seen ? std::min(draws.stops(-2, 1.8) / area, 6e4f) : 0.0f;
  sky.halo = draws.stops(1.5, 6.5);
  sky.halo_radius = sky.sun_radius * draws.in(0.8f, 3.0f);
  sky.aureole = draws.stops(-1, 2.0);
}

}  // namespace

Daylight paint_sky(Canvas& canvas, Draws& draws, const Noise& noise, float bottom) {
  Daylight light;
  light.horizon = bottom;
  const bool low_sun = draws.chance(0.35);
  light.sun_seen = draws.chance(0.5);
  Sky sky = design(draws, low_sun);
  design_sun(sky, draws, light.sun_seen);
  light.sun_u = draws.in(0.05f, 0.95f) * canvas.width;
  light.sun_v = bottom * (low_sun ? draws.in(0.6f, 0.97f) : draws.in(0.08f, 0.6f));
  if (!light.sun_seen) light.sun_u = draws.chance(0.5) ? -0.3f : canvas.width + 0.3f;
  const bool clouds = draws.chance(0.8);
  const float toward = draws.in(0.15f, 0.35f);

  const float per_height = 1.0f / std::max(bottom, canvas.pixel);
  canvas.paint(0, 0, canvas.width, bottom, [&](float u, float v, Rgb& out) {
    const float elevation = std::max(0.0f, (bottom - v) * per_height);
    const float away = distance(u, v, light.sun_u, light.sun_v);
    out = mix(sky.horizon, sky.zenith, elevation * (2.0f - elevation));
    if (low_sun) out += sky.band * (glow(elevation, sky.band_height) * (0.25f + glow(away, 0.4f)));
    const float near = glow(away, 0.35f);
    const float halo = sky.halo * square(glow(away, sky.halo_radius * 2)) + sky.aureole * near * near;
    float through = 1;
    Rgb cloud;
    float cover = 0;
    if (clouds) {
      const float depth = 1.0f / (elevation + 0.25f);
      const float x = (u - 0.5f * canvas.width) * depth * sky.scale * 2.2f + sky.shift;
      const float y = depth * sky.scale * sky.stretch * 1.7f + sky.shift;
      const float density = noise.fractal(x, y, 5);
      cover = smooth(sky.cover, sky.cover + sky.softness, density);
      if (cover > 0) {
        const float step_u = (light.sun_u - u) * toward / (away + 0.2f),
                    step_v = (v - light.sun_v) * toward / (away + 0.2f);
        const float thicker = noise.fractal(x + step_u, y + step_v, 3) - density;
        const float lit = clamp01(0.45f - 3.5f * thicker) * (0.35f + 0.65f * clamp01(1.4f - 2 * (density - sky.cover)));
        cloud = mix(sky.shade, sky.cloud * (sky.cloud_light * (0.5f + 1.2f * near)), lit);
        through = square(1.0f - cover) * (1.0f - 0.7f * cover);
        cloud += sky.sun_colour * (halo * 0.5f * square(1.0f - 0.8f * cover));  // the silver lining
      }
    }
    out += sky.sun_colour * halo;
    out = mix(out, cloud, cover);
    out += sky.sun_colour * (sky.disc * through * canvas.disc(away, sky.sun_radius));
  });
  light.sun = sky.sun_colour * (low_sun ? draws.stops(-1, 1.0) : draws.stops(0, 2.2));
  light.ambient = mix(sky.zenith, sky.horizon, 0.4f) * draws.stops(-1.5, 0);
  light.haze = mix(sky.horizon, sky.zenith, 0.2f);
  return light;
}

}  // namespace duhdr::scene
