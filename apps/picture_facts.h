// SPDX-License-Identifier: Apache-2.0
// What duhdr-data tells about a picture file.
#pragma once

#include <filesystem>
#include <string>

#include "image/image.h"
#include "metrics/dynamic_range.h"

namespace duhdr {

struct PictureFacts {
  std::string format;
  std::int64_t width = 0, height = 0;
  DynamicRange light;  // of codes in 0..1 for a photograph
  double clipped = 0;  // share of the pixels with a channel at the clip level or above
};

/// Photographs: codes of 249 or more count as clipped. HDR images: values from `clip_level`, or where that is 0, from
/// what the virtual camera clips at 0 EV.
PictureFacts facts_of(const Image& image, double clip_level);

/// Reads all of a file. Throws what read_image throws, and bad_image when it is not of the kind that is asked for.
Image read_whole(const std::filesystem::path& path, Image::Referred wanted);

}  // namespace duhdr
