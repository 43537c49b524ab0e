// SPDX-License-Identifier: Apache-2.0
// Pairs for evaluation: photographs by the virtual camera of which everything is known, with response curves that
// neither training nor validation draws from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/virtual_camera.h"

namespace duhdr {

struct EvaluationOptions {
  std::int64_t seed = 1;
  std::int64_t width = 0, height = 0;        // of the pictures; 0, 0 = as large as they are
  std::vector<std::int64_t> clipped{3, 10};  // % of the pixels, a photograph each
  int quality_lo = 90, quality_hi = 100;     // of the JPEG, uniform
  double signal_noise = CameraOptions{}.signal_noise, constant_noise = CameraOptions{}.constant_noise;
};

/// What of an HDR image [1, h, w, 3] is photographed: all of it, or the middle of the given size after it was brought
/// to the least size that covers it (area averages where it shrinks, linear where it grows). Panoramas: of the rows
/// that used_rows() leaves.
Tensor evaluation_view(const Tensor& image, const EvaluationOptions& options);

struct EvaluationPicture {
  Bytes jpeg;             // the photograph
  Tensor reference;       // [1, h, w, 3] f32: the light without the sensor's noise, 1.0 = where the photograph clips
  std::size_t curve = 0;  // of evaluation_curves()
  double exposure = 1;    // reference : scene
  double clipped = 0;     // share (0..1) of the reference's pixels with a channel above 1
  std::int64_t quality = 0;
};

/// Photographs `view` so that `percent` of its pixels have a channel above the clip level: the exposure is the inverse
/// of that quantile of the largest channel. Noise, quality and the order in which curves are tried depend on (seed,
/// scene, percent) alone; taken is the first curve with which the photograph is one that training would not leave out
/// (weight 1 of photograph()). Throws bad_image, beginning with `shown_name`, when no curve does that, when the share
/// reached is off by more than a tenth of it (a plateau of equal values; too few pixels), or when the picture is black
/// there.
EvaluationPicture evaluation_picture(const Tensor& view, std::int64_t percent, std::uint64_t scene,
                                     const EvaluationOptions& options, const std::string& shown_name);

}  // namespace duhdr
