// SPDX-License-Identifier: Apache-2.0
// What happens to light before it meets the sensor: colour of the illuminant, scattering in the lens, a soft lens.
// Images [1, h, w, 3] f32, relative radiance. Serial: loaders run it on many threads.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Red and blue multiplied by a gain each.
Tensor balanced(const Tensor& light, double red, double blue);

/// Convolved with a Gaussian of `sigma` pixels (its integral over each pixel), cut at 3 sigma. At its borders the image
/// is mirrored, so that its sum stays what it is.
Tensor blurred(const Tensor& image, double sigma);

/// (1 - share) light + share * halo: the mean of three halos, each close to a Gaussian (a box applied three times) with
/// boxes that reach 1/64, 1/16 and 1/4 of the shorter side. The sum stays what it is.
Tensor with_glare(const Tensor& light, double share);

}  // namespace duhdr
