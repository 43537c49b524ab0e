// SPDX-License-Identifier: Apache-2.0
// Luminance in double, with the coefficients that the perceptual metrics were published with.
#pragma once

namespace duhdr {

/// Of linear R G B with Rec. 709 primaries and D65.
inline double luminance_of(const float* rgb) {
  return 0.212656 * static_cast<double>(rgb[0]) + 0.715158 * static_cast<double>(rgb[1]) +
         0.072186 * static_cast<double>(rgb[2]);
}

}  // namespace duhdr
