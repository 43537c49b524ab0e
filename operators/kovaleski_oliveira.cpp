// SPDX-License-Identifier: Apache-2.0
#include "operators/kovaleski_oliveira.h"

#include <cmath>

#include "operators/bilateral.h"
#include "operators/light.h"

namespace duhdr {

Tensor highlight_map(const Tensor& codes, const Tensor& luminance) {
  constexpr double space = 150, range = 25.0 / 255;
  constexpr float threshold = 254.f / 255;
  return bilateral(saturated(codes, threshold), luminance, pixels_of_hd(space, luminance),
                   std::pow(range, static_cast<double>(display_gamma)));
}

Tensor kovaleski_oliveira(const Tensor& codes) {
  const Photograph photograph = linearised(codes);
  return enhanced(photograph, highlight_map(codes, photograph.luminance));
}

}  // namespace duhdr
