// SPDX-License-Identifier: Apache-2.0
// Where an exposure is (nearly) clipped, and what fills only those places: a sum (Eq. 15) or a gain.
#pragma once

#include "kernels/arithmetic.h"
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

/// x + mask * residual
struct MaskedAdd {
  static constexpr bool reads_x = false;  // in the derivatives; that by x is 1 then
  template <class T>
  DUHDR_HD T operator()(T x, T mask, T residual) const {
    return x + mask * residual;
  }
  template <class T>
  DUHDR_HD T by_x(T, T) const {
    return T(1);
  }
  template <class T>
  DUHDR_HD T by_mask(T, T, T residual) const {
    return residual;
  }
  template <class T>
  DUHDR_HD T by_residual(T, T mask, T) const {
    return mask;
  }
};

/// x * 10^(mask * residual): the residual in decades
struct MaskedGain {
  static constexpr bool reads_x = true;
  template <class T>
  DUHDR_HD T operator()(T x, T mask, T residual) const {
    return Gain{}(x, mask * residual);
  }
  template <class T>
  DUHDR_HD T by_x(T mask, T residual) const {
    return Gain{}.first(T(), mask * residual);
  }
  template <class T>
  DUHDR_HD T by_mask(T x, T mask, T residual) const {
    return residual * Gain{}.second(x, mask * residual);
  }
  template <class T>
  DUHDR_HD T by_residual(T x, T mask, T residual) const {
    return mask * Gain{}.second(x, mask * residual);
  }
};

/// x [N, H, W, 3] -> [N, H, W, 1], 0 <= alpha < 1. The gradient goes to the brightest channel, the first of equals.
Variable exposure_mask(const Variable& x, double alpha);

// x and residual [N, H, W, 3], mask [N, H, W, 1] -> [N, H, W, 3]: x + mask * residual (Eq. 15), x * 10^(mask *
// residual).
Variable masked_add(const Variable& x, const Variable& mask, const Variable& residual);
Variable masked_gain(const Variable& x, const Variable& mask, const Variable& residual);

}  // namespace duhdr
