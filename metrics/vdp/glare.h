// SPDX-License-Identifier: Apache-2.0
// Step 2: light scattered within the eye.
#pragma once

#include <complex>
#include <cstdint>

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

/// Modulation transfer function of the eye: sum of a_k exp(-b_k rho), rho in cycles/degree; 1 at 0.
double eye_mtf(double rho);

/// Multiplies the spectrum of the picture, mirrored at its edges, by eye_mtf. With a kernel that is real and even the
/// spectrum of picture and mirror images is its cosine transform.
class Glare {
 public:
  Glare(std::int64_t height, std::int64_t width, double pixels_per_degree);
  void apply(std::complex<double>* plane) const;  // height x width, in place: two pictures, real and imaginary

 private:
  Plane<double> mtf_;  // at (k / 2H, l / 2W) cycles/pixel
};

}  // namespace duhdr::vdp
