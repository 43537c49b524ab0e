// SPDX-License-Identifier: Apache-2.0
#include "operators/akyuz.h"

#include <cmath>

#include "operators/light.h"

namespace duhdr {

Tensor akyuz(const Tensor& codes, float gamma) {
  const Photograph photograph = linearised(codes);
  Extremes range = extremes_of(photograph.luminance);
  if (!(range.largest > range.least)) range = {0, 1};
  const float span = range.largest - range.least;
  return with_luminance(photograph, mapped(photograph.luminance, [=](float l) {
                          return display_peak * std::pow((l - range.least) / span, gamma);
                        }));
}

}  // namespace duhdr
