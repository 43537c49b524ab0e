// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/receptors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "metrics/vdp/gaussian.h"

namespace duhdr::vdp {
namespace {

enum Receptor : std::size_t { long_cone, middle_cone, rod, receptors };
using Sensitivity = std::array<double, receptors>;

constexpr std::array<Sensitivity, 3> of_rgb{{{.1582537046, .0321684221, .0379539195},
                                             {.4475706152, .2814425391, .6257346225},
                                             {.0418696099, .0386951092, .3661734837}}};
constexpr std::array<Sensitivity, 1> of_d65{{{.6529314084, .3470685916, 1.0171300680}}};

constexpr double lowest = -5, highest = 5;  // log10 of cd/m2
constexpr std::size_t samples = 2048;
using Grid = std::array<double, samples>;

double grid_at(std::size_t i) { return lowest + (highest - lowest) * static_cast<double>(i) / (samples - 1); }

/// Linear between the samples, which lie at equal distances of the logarithm.
double between(const Grid& grid, double log10_light) {
  const double at = (std::clamp(log10_light, lowest, highest) - lowest) / (highest - lowest) * (samples - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(at), samples - 2);
  return grid[low] + (grid[low + 1] - grid[low]) * (at - static_cast<double>(low));
}

double all_sensitivity(double light) { return 315.98 * std::pow(std::pow(6.7977 / light, 1.6008) + 1, -.25534); }

double rod_sensitivity(double light) {
  constexpr double peak = 1.1732;
  const double distance = std::abs(std::log10(light / peak));
  const double fall = light > peak ? std::pow(distance, 2.9899) / .5547 : std::pow(distance, 1.095) / 1.32;
  return std::pow(10, 1.8) * std::exp(-fall);
}

/// Of f over log10 of the light, by trapezoids.
template <class F>
Grid cumulated(const F& f) {
  Grid sums{};
  const double step = (highest - lowest) / (samples - 1) * std::log(10) / 2;
  for (std::size_t i = 1; i < samples; ++i) sums[i] = sums[i - 1] + step * (f(i - 1) + f(i));
  return sums;
}

struct Responses {
  Grid cone, rod;
};

Responses make_responses() {
  Grid cones{}, rods{};
  for (std::size_t i = 0; i < samples; ++i) {
    const double light = std::pow(10, grid_at(i));
    rods[i] = rod_sensitivity(light);
    cones[i] = std::max(all_sensitivity(light) - rods[i], 1e-3);
  }
  /// Of two kinds of cones each: half of what both have at twice the light, read off the grid, which is linear there in
  /// the light itself.
  const auto of_one_kind = [&](std::size_t i) {
    const double light = std::min(2 * std::pow(10, grid_at(i)), std::pow(10, highest));
    std::size_t low = std::min(
        static_cast<std::size_t>((std::log10(light) - lowest) / (highest - lowest) * (samples - 1)), samples - 2);
    const double left = std::pow(10, grid_at(low)), right = std::pow(10, grid_at(low + 1));
    return .5 * (cones[low] + (cones[low + 1] - cones[low]) * (light - left) / (right - left));
  };
  return {cumulated(of_one_kind), cumulated([&](std::size_t i) { return rods[i]; })};
}

const Responses& responses() {
  static const Responses tables = make_responses();
  return tables;
}

template <class T>
Plane<T> receptor_light(const std::vector<Plane<T>>& light, Receptor receptor) {
  const auto bounded = [](double value) { return static_cast<T>(std::clamp(value, 1e-8, 1e10)); };
  if (light.size() == 1)
    return map([&](T y) { return bounded(of_d65[0][receptor] * static_cast<double>(y)); }, light[0]);
  return map(
      [&](T r, T g, T b) {
        return bounded(of_rgb[0][receptor] * static_cast<double>(r) + of_rgb[1][receptor] * static_cast<double>(g) +
                       of_rgb[2][receptor] * static_cast<double>(b));
      },
      light[0], light[1], light[2]);
}

}  // namespace

double pupil_gain(double adaptation, double area) {
  const double u = std::pow(adaptation * area / 846, .41), d0 = 7.75 - 5.75 * u / (u + 2);
  const auto diameter = [&](double age) { return d0 + (age - 28.58) * (.02132 - .009562 * d0); };
  const double ratio = diameter(24) / diameter(28);
  return ratio * ratio;
}

double cone_response(double log10_light) { return between(responses().cone, log10_light); }
double rod_response(double log10_light) { return between(responses().rod, log10_light); }

template <class T>
Retina<T> retina(const std::vector<Plane<T>>& light, double pixels_per_degree) {
  const Plane<T> l = receptor_light(light, long_cone), m = receptor_light(light, middle_cone),
                 r = receptor_light(light, rod);
  const double sigma = std::pow(10, -0.781367) * pixels_per_degree;
  const Plane<T> log_mean =
      blur(map([](T a, T b) { return std::log(std::max(a + b, static_cast<T>(1e-6))); }, l, m), sigma);
  const double mean = std::exp(mean_of(log_mean, [](T value) { return value; }));
  const double area = static_cast<double>(l.size()) / (pixels_per_degree * pixels_per_degree);
  const double gain = std::log10(pupil_gain(mean, area));
  constexpr double scale_exponent = .203943775672;  // log10 of the scale of responses
  const double scale = std::pow(10, scale_exponent);
  const Responses& tables = responses();
  const auto log10_of = [&](T value) { return static_cast<double>(std::log10(value)) + gain; };
  return {map([](T value) { return std::exp(value); }, log_mean),
          map(
              [&](T a, T b, T c) {
                return static_cast<T>(scale * (between(tables.cone, log10_of(a)) + between(tables.cone, log10_of(b)) +
                                               between(tables.rod, log10_of(c))));
              },
              l, m, r)};
}

template Retina<float> retina(const std::vector<Plane<float>>&, double);
template Retina<double> retina(const std::vector<Plane<double>>&, double);

}  // namespace duhdr::vdp
