// SPDX-License-Identifier: Apache-2.0
// Truncation process C of Eq. 1 and 18: cuts the base layer of a radiance image at 1 and keeps its detail, so that a
// clipped highlight keeps its texture. The base layer is a self-guided filter.
#pragma once

#include "autograd/variable.h"
#include "base/hd.h"

namespace duhdr {

struct TruncationDesc {
  int radius = 2;     // of the square window: 2 * radius + 1 pixels a side
  double eps = 0.01;  // variance at which the filter smooths half
};

/// min(base, 1) * (value / base), with base floored at a small positive number first. Written as value / max(base, 1):
/// the same for every floor up to 1, exact for base <= 1, and free of divisions by small numbers.
struct CutBase {
  template <class T>
  DUHDR_HD T operator()(T value, T base) const {
    return base > T(1) ? value / base : value;
  }
  template <class T>
  DUHDR_HD T by_value(T, T base) const {
    return base > T(1) ? T(1) / base : T(1);
  }
  template <class T>
  DUHDR_HD T by_base(T value, T base) const {
    return base > T(1) ? -value / (base * base) : T(0);
  }
};

/// How much a window is smoothed: eps / (variance + eps), 1 where it is flat. This is 1 - a of the guided filter.
struct Flatness {
  double eps;
  template <class T>
  DUHDR_HD T operator()(T variance) const {
    return T(eps) / (variance + T(eps));
  }
  /// d flatness / d variance, from the flatness itself
  template <class T>
  DUHDR_HD T derivative(T flatness) const {
    return -flatness * flatness / T(eps);
  }
};

/// hdr [N, H, W, C] >= 0, any size -> the same shape, per channel. With windows w_p around every pixel, reflection at
/// the edges, mean_p and (two-pass) variance_p of hdr in w_p, and f_p = eps / (variance_p + eps):
///   base_q = hdr_q + mean over p in w_q of f_p (mean_p - hdr_q)       (= mean(a) hdr + mean(b), a = 1 - f, b = f mean)
///   out_q = min(base_q, 1) * hdr_q / base_q
/// The gradient is that of all of this; with base <= 1 the op is the identity.
Variable truncation(const Variable& hdr, const TruncationDesc& desc = {});

}  // namespace duhdr
