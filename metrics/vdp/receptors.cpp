// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/receptors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "metrics/vdp/elementary.h"
#include "metrics/vdp/gaussian.h"
#include "metrics/vdp/log_table.h"

namespace duhdr::vdp {
namespace {

enum Receptor : std::size_t { long_cone, middle_cone, rod, receptors };
using Sensitivity = std::array<double, receptors>;

constexpr std::array<Sensitivity, 3> of_rgb{{{.1582537046, .0321684221, .0379539195},
                                             {.4475706152, .2814425391, .6257346225},
                                             {.0418696099, .0386951092, .3661734837}}};
constexpr Sensitivity of_d65{.6529314084, .3470685916, 1.0171300680};

constexpr std::size_t samples = 2048;
using Samples = std::vector<double>;

double all_sensitivity(double light) { return 315.98 * std::pow(std::pow(6.7977 / light, 1.6008) + 1, -.25534); }

double rod_sensitivity(double light) {
  constexpr double peak = 1.1732;
  const double distance = std::abs(std::log10(light / peak));
  const double fall = light > peak ? std::pow(distance, 2.9899) / .5547 : std::pow(distance, 1.095) / 1.32;
  return std::pow(10, 1.8) * std::exp(-fall);
}

/// Integral over the natural logarithm of the light, by trapezoids.
Samples cumulated(const Samples& f) {
  Samples sums{0};
  const double step = (log_table_highest - log_table_lowest) / (samples - 1) * std::log(10) / 2;
  for (std::size_t i = 1; i < samples; ++i) sums.push_back(sums.back() + step * (f[i - 1] + f[i]));
  return sums;
}

/// Of two kinds of cones each: half of what both have at twice the light, read off the grid, which is linear there in
/// the light itself.
Samples of_one_kind(const Samples& light, const Samples& cones) {
  Samples out;
  for (std::size_t i = 0, right = 1; i < samples; ++i) {
    const double twice = std::min(2 * light[i], light.back());
    while (right + 1 < samples && light[right] < twice) ++right;
    const double share = (twice - light[right - 1]) / (light[right] - light[right - 1]);
    out.push_back(.5 * (cones[right - 1] + (cones[right] - cones[right - 1]) * share));
  }
  return out;
}

struct Responses {
  Samples cone, rod;
};

Responses make_responses() {
  Samples light, cones, rods;
  for (std::size_t i = 0; i < samples; ++i) {
    light.push_back(log_table_luminance(i, samples));
    rods.push_back(rod_sensitivity(light[i]));
    cones.push_back(std::max(all_sensitivity(light[i]) - rods[i], 1e-3));
  }
  return {cumulated(of_one_kind(light, cones)), cumulated(rods)};
}

const Responses& responses() {
  static const Responses tables = make_responses();
  return tables;
}

/// The light that one kind of receptor gets in row y.
template <class T>
void light_of(Receptor receptor, const std::vector<Plane<T>>& picture, std::int64_t y, T* __restrict to) {
  const auto bounded = [](T value) { return std::min(std::max(value, static_cast<T>(1e-8)), static_cast<T>(1e10)); };
  const std::int64_t width = picture[0].width();
  if (picture.size() == 1) {
    const T* const light = picture[0].row(y);
    const auto share = static_cast<T>(of_d65[receptor]);
    for (std::int64_t x = 0; x < width; ++x) to[x] = bounded(share * light[x]);
    return;
  }
  const T *const r = picture[0].row(y), *const g = picture[1].row(y), *const b = picture[2].row(y);
  const auto of_r = static_cast<T>(of_rgb[0][receptor]), of_g = static_cast<T>(of_rgb[1][receptor]),
             of_b = static_cast<T>(of_rgb[2][receptor]);
  for (std::int64_t x = 0; x < width; ++x) to[x] = bounded(of_r * r[x] + of_g * g[x] + of_b * b[x]);
}

template <class T>
Plane<T> log_of_cones(const std::vector<Plane<T>>& picture) {
  Plane<T> out(picture[0].height(), picture[0].width());
  for_rows(out.height(), [&](std::int64_t y) {
    std::vector<T> cones(static_cast<std::size_t>(out.width()));
    T* const to = out.row(y);
    light_of(long_cone, picture, y, to);
    light_of(middle_cone, picture, y, cones.data());
    for (std::int64_t x = 0; x < out.width(); ++x)
      to[x] = log(std::max(to[x] + cones[static_cast<std::size_t>(x)], static_cast<T>(1e-6)));
  });
  return out;
}

/// Sum of what the receptors say to `gain` times the light.
template <class T>
Plane<T> response_to(const std::vector<Plane<T>>& picture, double gain) {
  constexpr double scale_exponent = .203943775672;  // log10 of the scale of responses
  const auto scale = static_cast<T>(std::pow(10, scale_exponent)), log_gain = static_cast<T>(std::log10(gain));
  const LogTable<T> cone(responses().cone), rod_table(responses().rod);
  Plane<T> out(picture[0].height(), picture[0].width());
  for_rows(out.height(), [&](std::int64_t y) {
    std::vector<T> logs(static_cast<std::size_t>(out.width()));
    T* const to = out.row(y);
    std::fill_n(to, out.width(), T(0));
    for (const Receptor receptor : {long_cone, middle_cone, rod}) {
      light_of(receptor, picture, y, logs.data());
      for (T& value : logs) value = log10(value) + log_gain;
      const LogTable<T>& table = receptor == rod ? rod_table : cone;
      for (std::int64_t x = 0; x < out.width(); ++x) to[x] += scale * table.at(logs[static_cast<std::size_t>(x)]);
    }
  });
  return out;
}

}  // namespace

double pupil_gain(double adaptation, double area) {
  const double u = std::pow(adaptation * area / 846, .41), d0 = 7.75 - 5.75 * u / (u + 2);
  const auto diameter = [&](double age) { return d0 + (age - 28.58) * (.02132 - .009562 * d0); };
  const double ratio = diameter(24) / diameter(28);
  return ratio * ratio;
}

double cone_response(double log10_light) { return LogTable<double>(responses().cone).at(log10_light); }
double rod_response(double log10_light) { return LogTable<double>(responses().rod).at(log10_light); }

template <class T>
Retina<T> retina(const std::vector<Plane<T>>& light, double pixels_per_degree) {
  const double sigma = std::pow(10, -0.781367) * pixels_per_degree;
  const Plane<T> log_mean = blur(log_of_cones(light), sigma);
  const double mean = std::exp(mean_of(log_mean, [](T value) { return value; }));
  const double area = static_cast<double>(log_mean.size()) / (pixels_per_degree * pixels_per_degree);
  return {map([](T value) { return exp(value); }, log_mean), response_to(light, pupil_gain(mean, area))};
}

template Retina<float> retina(const std::vector<Plane<float>>&, double);
template Retina<double> retina(const std::vector<Plane<double>>&, double);

}  // namespace duhdr::vdp
