// SPDX-License-Identifier: Apache-2.0
// The virtual camera of HDR-Synth: from scene radiance to a photograph, with every step of the imaging process known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "data/sample.h"

namespace duhdr {

struct CameraOptions {
  /// mean: the scene's mean is 0.5 at 0 EV. clipped: a share of the pixels clips.
  enum class Exposure { mean, clipped };

  double exposure_lo = -3, exposure_hi = 3;  // of `mean`: EV, uniform
  double signal_noise = 0.08 / 6;            // standard deviation relative to the signal, times U(0, 1) per channel
  double constant_noise = 0.005;             // standard deviation, times U(0, 1) per channel
  int jpeg_lo = 90, jpeg_hi = 100;           // quality, uniform; 0, 0 = no compression
  double clip_level = 0;                     // > 0: the radiance that clips, instead of a drawn exposure

  Exposure exposure = Exposure::mean;
  double clipped_lo = 0.005,
         clipped_hi = 0.25;  // of `clipped`: share of the pixels with a channel above 1, log-uniform
  double unclipped =
      0.15;  // of `clipped`: probability that nothing clips; the brightest value is in 0.25..1, log-uniform
  double white_balance = 0;  // standard deviation of the gains of red and of blue, stops
  double glare = 0;          // probability that the lens scatters a share of the light: 0.003..0.05, log-uniform
  double blur = 0;           // probability of a soft lens: a Gaussian of 0.3..1.2 pixels, uniform
  double sharpen = 0;        // probability that the photograph is sharpened: sigma 0.7..1.5, amount 0.2..0.8, uniform
  double subsampling = 0;    // probability that the JPEG has 4:2:0 chroma
  double srgb_like = 0;      // probability that the response is one of CameraCurves::srgb_like, not one of all
};

/// Camera responses to draw from, irradiance -> brightness, and their inverses: [curve][1024] each. The camera joins
/// the samples of its curve by straight lines; the inverse is that of these lines, read at the 1024 grid points.
struct CameraCurves {
  std::vector<std::vector<double>> forward, inverse;
  std::vector<std::size_t> srgb_like = {};  // the curves of which no forward sample is further than 0.06 from sRGB's
};

/// Deals the curves of response_family() by a fixed shuffle: 95 % to training, half of the others to validation and
/// half to sets of pairs for evaluation. Made once per process.
const CameraCurves& training_curves();
const CameraCurves& validation_curves();
const CameraCurves& evaluation_curves();

/// Takes a photograph of `scene` [1, h, w, 3] (relative radiance, finite, >= 0). The light passes the lens (glare,
/// blur) and is white-balanced; the exposure normalises the mean over all of it to 0.5 times 2^EV, or clips a drawn
/// share of its pixels (or those above the clip level that is given); both noises are added and cut at 0: this is the
/// sample's H. It is clipped at 1, the response applied (I_n), sharpened, quantised and compressed as JPEG (L). `draws`
/// decides everything random. Of `clipped`, no pixel is more than 2^20 times the clip level. weight = 0 when more than
/// half of the pixels have a grey code (0.299 R + 0.587 G + 0.114 B of the result) of 249 or more, or more than half
/// one of 6 or less.
Sample photograph(const Tensor& scene, const CameraCurves& curves, const CameraOptions& options, const Philox& draws);

/// The loss mask above for any 8-bit photograph [1, h, w, 3] in [0, 1]: 0 or 1.
float exposure_weight(const Tensor& ldr);

}  // namespace duhdr
