// SPDX-License-Identifier: Apache-2.0
#include "operators/landis.h"

#include <cmath>

#include "operators/light.h"

namespace duhdr {

Tensor landis(const Tensor& codes, float threshold, float exponent) {
  const Photograph photograph = linearised(codes);
  const float span = extremes_of(photograph.luminance).largest - threshold;
  return with_luminance(photograph, mapped(photograph.luminance, [=](float l) {
                          if (l <= threshold) return l;
                          const float weight = std::pow((l - threshold) / span, exponent);
                          return l * (1 - weight) + display_peak * l * weight;
                        }));
}

}  // namespace duhdr
