// SPDX-License-Identifier: Apache-2.0
// Still life: spheres and boxes on a table, cast by rays, with shadows, coloured lights and reflected lamps.
#include "data/noise.h"

namespace duhdr::scene {
namespace {

struct Vec {
  float x = 0, y = 0, z = 0;
};
Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vec operator*(Vec a, float s) { return {a.x * s, a.y * s, a.z * s}; }
float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vec unit(Vec a) { return a * (1.0f / std::sqrt(std::max(dot(a, a), 1e-12f))); }

struct Object {
  bool box = false;
  Vec centre, half;  // half.x is a sphere's radius
  int texture = 0;
  float gloss = 0;  // share of light that is mirrored
  int polish = 0;   // the highlight is cos^(2^polish)
};

struct Light {
  Vec at;
  Rgb colour;
  float size = 0;  // angular, as seen in mirrors
  bool square = false;
};

struct Hit {
  float t = 1e9f;
  Vec normal;
  const Object* object = nullptr;
};

struct World {
  std::vector<Object> objects;
  std::vector<Light> lights;
  std::vector<Texture> textures;
  Rgb ambient, backdrop;
  float wall = 6, floor_gloss = 0;
  int floor_polish = 3;
};

void hit_sphere(const Object& object, Vec from, Vec ray, Hit& hit) {
  const Vec to = object.centre - from;
  const float along = dot(to, ray), radius = object.half.x;
  const float inside = radius * radius - (dot(to, to) - along * along);
  if (inside <= 0) return;
  const float t = along - std::sqrt(inside);
  if (t > 1e-3f && t < hit.t) hit = {t, (from + ray * t - object.centre) * (1.0f / radius), &object};
}

void hit_box(const Object& object, Vec from, Vec ray, Hit& hit) {
  const Vec to = object.centre - from;
  const float o[3] = {to.x, to.y, to.z}, d[3] = {ray.x, ray.y, ray.z};
  const float half[3] = {object.half.x, object.half.y, object.half.z};
  float first = -1e9f, last = 1e9f;
  int axis = 0;
  for (int k = 0; k < 3; ++k) {
    const float inverse = 1.0f / (std::abs(d[k]) < 1e-9f ? 1e-9f : d[k]);
    const float a = (o[k] - half[k]) * inverse, b = (o[k] + half[k]) * inverse;
    if (std::min(a, b) > first) first = std::min(a, b), axis = k;
    last = std::min(last, std::max(a, b));
  }
  if (first > last || first <= 1e-3f || first >= hit.t) return;
  const float side = d[axis] > 0 ? -1.0f : 1.0f;
  hit = {first, {axis == 0 ? side : 0, axis == 1 ? side : 0, axis == 2 ? side : 0}, &object};
}

Hit cast(const World& world, Vec from, Vec ray) {
  Hit hit;
  for (const Object& object : world.objects) (object.box ? hit_box : hit_sphere)(object, from, ray, hit);
  if (ray.y < 0 && -from.y / ray.y < hit.t && -from.y / ray.y > 1e-3f) hit = {-from.y / ray.y, {0, 1, 0}, nullptr};
  if (ray.z > 0 && (world.wall - from.z) / ray.z < hit.t) hit = {(world.wall - from.z) / ray.z, {0, 0, -1}, nullptr};
  return hit;
}

/// What a mirror shows in the direction `ray`: the lamps with their shapes, and the room.
Rgb mirrored(const World& world, const Noise& noise, Vec from, Vec ray, int polish) {
  Rgb sum = mix(world.ambient * 0.3f, world.ambient, clamp01(0.5f + 0.5f * ray.y));
  for (const Light& light : world.lights) {
    const Vec to = unit(light.at - from);
    const float cosine = dot(to, ray);
    if (cosine <= 0) continue;
    if (polish >= 7) {  // polished: the lamp is seen, a bulb or a soft box with its bars
      const Vec away = ray - to * cosine;
      const float a = std::abs(away.x) / light.size, b = std::abs(away.y) / light.size;
      const float edge = light.square ? std::max(a, b) : std::sqrt(a * a + b * b + square(away.z / light.size));
      float seen = clamp01((1.0f - edge) * 8);
      if (light.square) seen *= mix(1.0f, 0.1f, clamp01(4 - 40 * std::min(a, b)));
      sum += light.colour * (seen / square(light.size) * (0.06f + 0.04f * noise.value(ray.x * 40, ray.y * 40)));
    } else {
      sum += light.colour * (power_of_two(cosine, polish) * 0.3f * static_cast<float>(1 << polish));
    }
  }
  return sum;
}

Rgb shade(const World& world, const Noise& noise, Vec at, Vec ray, const Hit& hit, float blur) {
  const Vec n = hit.normal;
  const Texture& texture = world.textures[hit.object ? static_cast<std::size_t>(hit.object->texture) : n.y > 0 ? 0 : 1];
  const bool steep = std::abs(n.y) > 0.7f;
  const bool sideways = !steep && std::abs(n.x) > std::abs(n.z);
  const Rgb albedo = texture.at(sideways ? at.z : at.x, steep ? at.z : at.y, blur);
  const float crease = hit.object ? clamp01(0.35f + at.y * 1.5f) : 1.0f;  // darker near the table
  Rgb light = world.ambient * ((0.7f + 0.3f * n.y) * crease);
  bool key = true;
  for (const Light& lamp : world.lights) {
    const Vec to = lamp.at - at;
    const float squared = dot(to, to), facing = dot(n, to) / std::sqrt(squared);
    if (facing > 0) {
      bool lit = true;
      if (key) {
        const float far = std::sqrt(squared);
        const Vec direction = to * (1.0f / far);
        Hit between{far, {}, nullptr};
        for (const Object& object : world.objects)
          (object.box ? hit_box : hit_sphere)(object, at + n * 2e-3f, direction, between);
        lit = between.object == nullptr;
      }
      if (lit) light += lamp.colour * (facing * 8 / (squared + 1));
    }
    key = false;
  }
  Rgb out = albedo * light;
  const float gloss = hit.object ? hit.object->gloss : n.y > 0 ? world.floor_gloss : 0.0f;
  if (gloss > 0) {
    const float cosine = -dot(ray, n);
    const float edge = gloss + (1 - gloss) * 0.4f * power_of_two(1 - clamp01(cosine), 2);
    const int polish = hit.object ? hit.object->polish : world.floor_polish;
    out = out * (1 - edge) + mirrored(world, noise, at, ray + n * (2 * cosine), polish) * edge;
  }
  return out;
}

World design(Draws& draws, const Noise& noise) {
  World world;
  for (int k = 0; k < 6; ++k) world.textures.emplace_back(draws, noise, 0.04f, 0.9f, draws.in(1.5f, 6));
  world.ambient = draws.illuminant(-7, -2);
  world.wall = draws.in(2.5f, 8);
  world.floor_gloss = draws.chance(0.4) ? draws.in(0.01f, 0.15f) : 0.0f;
  world.floor_polish = draws.integer(3, 8);
  world.lights.resize(static_cast<std::size_t>(draws.integer(1, 3)));
  for (Light& light : world.lights) {
    light.at.x = draws.in(-4, 4), light.at.y = draws.in(1.5f, 5), light.at.z = draws.in(-3, 2);
    light.colour = draws.illuminant(-1, 2.5);
    light.size = draws.in(0.06f, 0.4f);
    light.square = draws.chance(0.5);
  }
  world.objects.resize(static_cast<std::size_t>(draws.integer(2, 6)));
  for (Object& object : world.objects) {
    object.box = draws.chance(0.4);
    const float size = draws.in(0.15f, 0.6f);
    object.half.x = size, object.half.y = size * draws.in(0.4f, 2), object.half.z = size;
    object.centre.x = draws.in(-1.4f, 1.4f), object.centre.z = draws.in(0.0f, 2.2f);
    object.centre.y = object.box ? object.half.y : size;
    object.texture = draws.integer(2, 5);
    object.gloss = draws.chance(0.85) ? draws.stops(-4.5, -0.3) : 0.0f;
    object.polish = draws.integer(3, 9);
  }
  return world;
}

}  // namespace

void paint_objects(Canvas& canvas, Draws& draws, const Noise& noise) {
  const World world = design(draws, noise);
  const float zoom = draws.in(1.0f, 2.0f), tilt = draws.in(0.05f, 0.45f), height = draws.in(0.5f, 1.6f);
  const Vec eye{draws.in(-0.5f, 0.5f), height, -2.2f};
  const bool bulbs = draws.chance(0.4);
  canvas.paint([&](float u, float v, Rgb& out) {
    const Vec ray = unit({(u - 0.5f * canvas.width) / zoom * 1.6f, (0.5f * canvas.height - v) / zoom * 1.6f - tilt, 1});
    const Hit hit = cast(world, eye, ray);
    const Vec at = eye + ray * std::min(hit.t, 1e4f);
    out = shade(world, noise, at, ray, hit,
                canvas.pixel * hit.t * 1.6f / zoom / std::max(0.15f, std::abs(dot(ray, hit.normal))));
    if (!bulbs) return;
    for (const Light& light : world.lights) {  // the lamps themselves, where they hang in view
      const float cosine = dot(unit(light.at - eye), ray);
      const float away = std::sqrt(std::max(0.0f, 1 - square(cosine)));
      if (cosine > 0) out += light.colour * (0.02f * glow(away, 0.1f) + 60 * clamp01((0.03f - away) * 200));
    }
  });
}

}  // namespace duhdr::scene
