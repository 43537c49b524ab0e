// SPDX-License-Identifier: Apache-2.0
#include "operators/masia.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/quantile.h"
#include "operators/light.h"

namespace duhdr {
namespace {

Tensor power_of_luminance(const Photograph& photograph, double exponent) {
  constexpr double least = 0.1;
  const auto g = static_cast<float>(std::max(least, exponent));
  return with_luminance(photograph,
                        mapped(photograph.luminance, [g](float l) { return display_peak * std::pow(l, g); }));
}

}  // namespace

LuminanceStatistics statistics_of(const Tensor& luminance) {
  constexpr double low = 0.01, high = 0.99;
  const float *first = luminance.data<float>(), *last = first + luminance.numel();
  std::vector<float> lit;
  std::copy_if(first, last, std::back_inserter(lit), [](float l) { return l > 0; });
  if (lit.empty()) return {};
  LuminanceStatistics out;
  const Tensor plane = Tensor::of<float>(Shape{1, 1, static_cast<std::int64_t>(lit.size()), 1}, lit);
  out.log_mean = log_mean_of(plane);
  const double dark = std::log(static_cast<double>(quantile(std::span(lit), low)));
  const double bright = std::log(static_cast<double>(quantile(std::span(lit), high)));
  if (bright > dark) out.key = std::clamp((std::log(out.log_mean) - dark) / (bright - dark), 0.0, 1.0);
  const auto blown = std::count_if(first, last, [](float l) { return 255 * l >= 254; });
  out.percent_blown = 100 * static_cast<double>(blown) / static_cast<double>(luminance.numel());
  return out;
}

Tensor masia_2009(const Tensor& codes) {
  const Photograph photograph = linearised(codes);
  return power_of_luminance(photograph, 10.44 * statistics_of(photograph.luminance).key - 6.282);
}

Tensor masia_2017(const Tensor& codes) {
  const Photograph photograph = linearised(codes);
  const LuminanceStatistics of = statistics_of(photograph.luminance);
  return power_of_luminance(photograph, 2.4379 + 0.2319 * std::log(std::max(of.log_mean, 1e-6)) - 1.1228 * of.key +
                                            0.0085 * of.percent_blown);
}

}  // namespace duhdr
