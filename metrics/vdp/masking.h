// SPDX-License-Identifier: Apache-2.0
// Step 9: how contrasts hide a difference in one band.
#pragma once

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

/// Mean over 3 x 3 pixels, 0 beyond the border, of the contrast that both pictures have: min(|test|, |reference|).
template <class T>
Plane<T> mutual_masking(const Plane<T>& test, const Plane<T>& reference);

constexpr double pooling_exponent = .8;

/// |D|^0.8 of D = |difference|^p / sqrt(sensitivity^-2p + (own and neighbouring bands' masking)^2), times mask; 0 where
/// a sensitivity is 0.
template <class T>
Plane<T> pooled_error(const Plane<T>& difference, const Plane<T>& sensitivity, const Plane<T>& own,
                      const Plane<T>& neighbours, const Plane<T>& mask);

/// Frequency in cycles/degree of the largest of the plane's Fourier coefficients but the mean, at so many samples a
/// degree. Of equal ones (to a billionth) the first, column by column; 0 of a constant plane.
template <class T>
double dominant_frequency(const Plane<T>& plane, double samples_per_degree);

}  // namespace duhdr::vdp
