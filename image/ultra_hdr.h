// SPDX-License-Identifier: Apache-2.0
// Ultra HDR JPEG: an ordinary JPEG with a gain map behind it, as Android's Ultra HDR 1.1 and ISO 21496-1 ask for.
#pragma once

#include <span>
#include <string>

#include "base/file.h"
#include "image/gain_map.h"

namespace duhdr {

/// The base is the first picture of `base`: its scans, EXIF, ICC profile and all other segments are kept byte for byte,
/// its XMP is merged, its multi-picture index and what belonged to another gain map are dropped, and so is what follows
/// it. `map` is as the base stores its pixels (as_stored() of image/orientation.h); its size must be that of
/// map_side() for one MapSize (else internal). Throws bad_image, "<name>: ...", as jpeg_parts() does and when the base
/// is neither grey nor of three colours, and usage when the file would pass 4 GiB.
Bytes encode_ultra_hdr(std::span<const std::byte> base, const GainMap& map, const std::string& name);

}  // namespace duhdr
