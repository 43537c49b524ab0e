// SPDX-License-Identifier: Apache-2.0
// What duhdr-data tells about a picture file.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>

#include "image/image.h"

namespace duhdr {

struct PictureFacts {
  std::string format;
  std::int64_t width = 0, height = 0;
  double median = 0, largest = 0;  // of the luminance; of codes in 0..1 for a photograph
  double stops = 0;                // log2 of the largest by the 1st percentile above 0
  double clipped = 0;              // share of the pixels with a channel at the clip level or above
};

/// Photographs: codes of 249 or more count as clipped. HDR images: values above `clip_level`, or where that is 0, above
/// twice the mean, which is what the virtual camera clips at 0 EV.
PictureFacts facts_of(const Image& image, double clip_level);

/// Reads all of a file. Throws what read_image throws, and bad_image when it is not of the kind that is asked for.
Image read_whole(const std::filesystem::path& path, Image::Referred wanted);

/// Median ratio of the linearised photograph to the HDR image over its well exposed pixels; none: too few of them. The
/// linearisation is sRGB's: a rough check, 1 within a factor of about two when 1.0 is the clip level.
std::optional<double> exposure_ratio(const Image& photograph, const Image& light);

}  // namespace duhdr
