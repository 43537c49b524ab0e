// SPDX-License-Identifier: Apache-2.0
// The orientation of an XMP packet, read and written.
#pragma once

#include "image/exif.h"

namespace duhdr {

/// Reads the property tiff:Orientation, written as an attribute or as an element. `packet` is XML in UTF-8, which is
/// searched, not parsed. Never throws on content.
Orientation xmp_orientation(std::span<const std::byte> packet);

/// The packet for a picture that has been turned upright: where it states an orientation, that is 1.
Bytes upright_xmp(std::span<const std::byte> packet);

}  // namespace duhdr
