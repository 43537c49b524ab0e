// SPDX-License-Identifier: Apache-2.0
// Where an exposure is (nearly) clipped, and the sum that fills only those places (Eq. 15).
#pragma once

#include "kernels/pointwise.h"

namespace duhdr {

/// clamp((brightest - alpha) / (1 - alpha), 0, 1) of a pixel's brightest channel; the gradient passes on the bounds.
struct ExposureMask {
  double alpha;
  template <class T>
  DUHDR_HD T operator()(T brightest) const {
    return Clamp{0, 1}(ramp(brightest));
  }
  template <class T>
  DUHDR_HD T derivative(T brightest) const {
    return Clamp{0, 1}.derivative(ramp(brightest)) / T(1 - alpha);
  }

 private:
  template <class T>
  DUHDR_HD T ramp(T brightest) const {
    return (brightest - T(alpha)) / T(1 - alpha);
  }
};

/// x [N, H, W, 3] -> [N, H, W, 1], 0 <= alpha < 1. The gradient goes to the brightest channel, the first of equals.
Variable exposure_mask(const Variable& x, double alpha);

/// x + mask * residual (Eq. 15): x and residual [N, H, W, 3], mask [N, H, W, 1] -> [N, H, W, 3].
Variable masked_add(const Variable& x, const Variable& mask, const Variable& residual);

}  // namespace duhdr
