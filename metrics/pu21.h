// SPDX-License-Identifier: Apache-2.0
// PU21: luminance to perceptually uniform units (Mantiuk and Azimi, "PU21: A novel perceptually uniform encoding for
// adapting existing quality metrics for HDR", 2021), the variant "banding_glare".
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

constexpr double pu21_range = 256;  // about 100 cd/m^2, the peak of an SDR display: the dynamic range of metrics on it

/// luminance in cd/m^2, clamped to [0.005, 10000] -> 0 .. 595.4.
double pu21(double luminance);
double pu21_inverse(double encoded);

/// Of every value of an f32 tensor.
Tensor pu21(const Tensor& luminance);

/// Of the luminance of every pixel: f32 [1, H, W, 3] in cd/m^2 -> [1, H, W, 1].
Tensor pu21_of_luminance(const Tensor& picture);

}  // namespace duhdr
