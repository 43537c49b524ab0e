// SPDX-License-Identifier: Apache-2.0
// The virtual camera of HDR-Synth: from scene radiance to a photograph, with every step of the imaging process known.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "data/sample.h"

namespace duhdr {

struct CameraOptions {
  double exposure_lo = -3, exposure_hi = 3;  // EV, uniform; the scene's mean is 0.5 at 0 EV
  double signal_noise = 0.08 / 6;            // standard deviation relative to the signal, times U(0, 1) per channel
  double constant_noise = 0.005;             // standard deviation, times U(0, 1) per channel
  int jpeg_lo = 90, jpeg_hi = 100;           // quality, uniform; 0, 0 = no compression
  double clip_level = 0;  // > 0: the radiance that clips, instead of an exposure from the range above
};

/// Camera responses to draw from, irradiance -> brightness, and their inverses: [curve][1024] each. The camera joins
/// the samples of its curve by straight lines; the inverse is that of these lines, read at the 1024 grid points.
struct CameraCurves {
  std::vector<std::vector<double>> forward, inverse;
};

/// Deals the curves of response_family() by a fixed shuffle: 95 % to training, half of the others to validation and
/// half to sets of pairs for evaluation. Made once per process.
const CameraCurves& training_curves();
const CameraCurves& validation_curves();
const CameraCurves& evaluation_curves();

/// Takes a photograph of `scene` [1, h, w, 3] (relative radiance, finite, >= 0): normalises the mean over all of it to
/// 0.5 and exposes by 2^EV (or divides by the clip level that is given), adds both noises and cuts at 0 (this is the
/// sample's H), clips at 1, applies the response, quantises, compresses as JPEG. `draws` decides everything random.
/// weight = 0 when more than half of the pixels have a grey code (0.299 R + 0.587 G + 0.114 B of the result) of 249 or
/// more, or more than half one of 6 or less.
Sample photograph(const Tensor& scene, const CameraCurves& curves, const CameraOptions& options, const Philox& draws);

/// The loss mask above for any 8-bit photograph [1, h, w, 3] in [0, 1]: 0 or 1.
float exposure_weight(const Tensor& ldr);

}  // namespace duhdr
