// SPDX-License-Identifier: Apache-2.0
#include "operators/huo.h"

#include <algorithm>
#include <cmath>

#include "operators/bilateral.h"
#include "operators/light.h"

namespace duhdr {

Tensor huo_2013(const Tensor& codes, double n) {
  const Photograph photograph = linearised(codes);
  const Tensor& luminance = photograph.luminance;
  const float largest = extremes_of(luminance).largest;
  if (!(largest > 0)) return photograph.light;
  const Tensor once = bilateral(luminance, luminance, 16, 0.3);
  const Tensor surrounding = bilateral(once, once, 10, 0.1);
  const auto power = static_cast<float>(n);
  const float global = std::pow(static_cast<float>(log_mean_of(luminance)), power);
  return with_luminance(photograph, mapped(luminance, surrounding, [=](float l, float local) {
                          return display_peak * l / largest * std::pow(std::pow(local, power) + global, 1 / power);
                        }));
}

Tensor huo_2014(const Tensor& codes, double theta) {
  const Photograph photograph = linearised(codes);
  const Tensor& luminance = photograph.luminance;
  const Tensor local = bilateral(luminance, luminance, 16, 3.0 / 255);
  const auto floor = static_cast<float>(theta);
  const float at_mean = 1 - static_cast<float>(mean_of(luminance)) + floor;
  return with_luminance(photograph, mapped(luminance, local, [=](float l, float surrounding) {
                          if (!(surrounding > 0)) return l;
                          return std::min(display_peak, l * (l / surrounding) * (at_mean / (1 - l + floor)));
                        }));
}

}  // namespace duhdr
