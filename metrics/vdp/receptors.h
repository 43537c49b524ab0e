// SPDX-License-Identifier: Apache-2.0
// Steps 3 to 6: what cones and rods make of the light on the retina.
#pragma once

#include <vector>

#include "metrics/vdp/plane.h"

namespace duhdr::vdp {

template <class T>
struct Retina {
  Plane<T> adaptation;  // L_a, cd/m2: local mean of the cones' light
  Plane<T> response;    // sum of long and middle cones and of the rods
};

/// light: R, G and B of the LED-LCD display's own primaries, or one channel of D65 light, in cd/m2. Eye of 24 years.
/// The short cones have no part in what follows and are left out.
template <class T>
Retina<T> retina(const std::vector<Plane<T>>& light, double pixels_per_degree);

/// By which a younger pupil lets in more light: geometric mean of the adaptation, area of the picture in square
/// degrees.
double pupil_gain(double adaptation, double area);

/// Cumulated sensitivity at log10 of the light, before the model's scale of responses; clamped to -5..5.
double cone_response(double log10_light);
double rod_response(double log10_light);

}  // namespace duhdr::vdp
