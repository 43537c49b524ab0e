// SPDX-License-Identifier: Apache-2.0
#include "image/colour.h"

#include <cmath>

namespace duhdr {

bool is_rec709(const Chromaticities& primaries) {
  const auto near = [](float a, float b) { return std::abs(a - b) <= 0.002f; };
  return near(primaries.red_x, rec709.red_x) && near(primaries.red_y, rec709.red_y) &&
         near(primaries.green_x, rec709.green_x) && near(primaries.green_y, rec709.green_y) &&
         near(primaries.blue_x, rec709.blue_x) && near(primaries.blue_y, rec709.blue_y) &&
         near(primaries.white_x, rec709.white_x) && near(primaries.white_y, rec709.white_y);
}

float srgb_to_linear(float code) { return code <= 0.04045f ? code / 12.92f : std::pow((code + 0.055f) / 1.055f, 2.4f); }

float linear_to_srgb(float light) {
  return light <= 0.0031308f ? light * 12.92f : 1.055f * std::pow(light, 1.0f / 2.4f) - 0.055f;
}

}  // namespace duhdr
