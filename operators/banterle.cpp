// SPDX-License-Identifier: Apache-2.0
#include "operators/banterle.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "operators/bilateral.h"
#include "operators/light.h"
#include "operators/median_cut.h"

namespace duhdr {
namespace {

/// How many light sources are within `reach` pixels of a place, in x and in y; itself counts.
class Neighbours {
 public:
  Neighbours(const std::vector<LightSource>& lights, const Shape& plane)
      : height_(plane.h()), width_(plane.w()), counts_(Tensor::zeros(Shape{height_ + 1, width_ + 1}, DType::f64)) {
    double* counts = counts_.mutable_data<double>();
    for (const LightSource& light : lights) counts[(light.y + 1) * (width_ + 1) + light.x + 1] += 1;
    for (std::int64_t y = 1; y <= height_; ++y)
      for (std::int64_t x = 1; x <= width_; ++x)
        counts[y * (width_ + 1) + x] += counts[y * (width_ + 1) + x - 1] + counts[(y - 1) * (width_ + 1) + x] -
                                        counts[(y - 1) * (width_ + 1) + x - 1];
  }
  double of(const LightSource& light, std::int64_t reach) const {
    const double* counts = counts_.data<double>();
    const std::int64_t left = std::max<std::int64_t>(0, light.x - reach), right = std::min(width_, light.x + reach + 1);
    const std::int64_t top = std::max<std::int64_t>(0, light.y - reach),
                       bottom = std::min(height_, light.y + reach + 1);
    const auto at = [&](std::int64_t y, std::int64_t x) { return counts[y * (width_ + 1) + x]; };
    return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
  }

 private:
  std::int64_t height_, width_;
  Tensor counts_;  // of the pixels above and to the left
};

/// Lights with fewer neighbours than the loneliest that together hold `share` of all have are left out.
void drop_lonely(std::vector<LightSource>& lights, const Shape& plane, std::int64_t reach) {
  constexpr double share = 0.95;
  const Neighbours neighbours(lights, plane);
  std::vector<double> counts;
  for (const LightSource& light : lights) counts.push_back(neighbours.of(light, reach));
  std::ranges::sort(counts);
  double together = 0, threshold = 0;
  for (const double count : counts) {
    threshold = count;
    together += count;
    if (together >= share * static_cast<double>(lights.size())) break;
  }
  std::erase_if(lights, [&](const LightSource& light) { return neighbours.of(light, 3 * reach) < threshold; });
}

}  // namespace

Tensor density_of_lights(const Tensor& luminance) {
  const Shape& shape = luminance.shape();
  const auto shorter = static_cast<double>(std::min(shape.h(), shape.w()));
  const auto longer = static_cast<double>(std::max(shape.h(), shape.w()));
  const auto cuts = static_cast<int>(std::lround(std::log2(shorter) + 2));
  const double spacing = longer / (2 * std::exp2(cuts / 2.0));  // half of that of lights in even light, in pixels
  std::vector<LightSource> lights = median_cut(luminance, cuts);
  drop_lonely(lights, shape, std::max<std::int64_t>(1, std::llround(spacing)));

  Tensor power = Tensor::zeros(shape, DType::f32);
  float* values = power.mutable_data<float>();
  for (const LightSource& light : lights) values[light.y * shape.w() + light.x] += static_cast<float>(light.power);
  constexpr double kernel = 8.0 / 5;  // sigma of a window of 8 times the spacing
  const Tensor density = gaussian_mean(power, std::max(1.0, kernel * spacing));

  const Extremes range = extremes_of(luminance);
  const double sigma_range = std::max(1e-3, 0.1 * static_cast<double>(range.largest - range.least));
  const Tensor map = bilateral(density, luminance, std::max(1.0, shorter / 16), sigma_range);
  const float largest = extremes_of(map).largest;
  return mapped(map, [=](float e) { return largest > 0 ? e / largest : 0; });
}

Tensor banterle(const Tensor& codes) {
  const Photograph photograph = linearised(codes);
  const Tensor map = density_of_lights(photograph.luminance);
  return with_luminance(photograph, mapped(photograph.luminance, map, [](float l, float e) {
                          constexpr float white = display_peak;
                          const float dark = 1 - l;
                          const float expanded =
                              display_peak * white / 2 * (std::sqrt(dark * dark + 4 * l / (white * white)) - dark);
                          return (1 - e) * l + e * std::max(0.f, expanded);
                        }));
}

}  // namespace duhdr
