// SPDX-License-Identifier: Apache-2.0
// What a photograph's file says beside the picture, for the files that are made of it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace duhdr {

struct Image;

/// Of a picture that is upright. Empty = none.
struct Metadata {
  Bytes exif;  // a TIFF block
  Bytes xmp;   // a packet
};

/// The image's, made to fit its upright pixels. EXIF that is broken is left out, with a warning.
Metadata upright_metadata(const Image& image, std::vector<std::string>& warnings);

/// Attributes of OpenEXR, by its standard names.
struct ExrAttributes {
  std::map<std::string, std::string> texts;
  std::map<std::string, float> numbers;
};

/// What OpenEXR has standard attributes for: cameraMake, cameraModel, lensMake, lensModel, owner (the artist, else the
/// copyright), comments, capDate, utcOffset (s; UTC = local time + it), expTime (s), aperture (f-number), isoSpeed,
/// nominalFocalLength (mm); and the packet as `xmp`. Entries that are broken are left out.
ExrAttributes exr_attributes(const Metadata& metadata);

}  // namespace duhdr
