// SPDX-License-Identifier: Apache-2.0
// A JPEG without what its file says beside the picture.
#pragma once

#include <span>
#include <string>

#include "base/file.h"

namespace duhdr {

/// The first picture with its scans as they are and the segments that it is decoded by: JFIF, ICC profile, Adobe, and
/// those without an application's data. EXIF stays where it has to say an orientation (2..8), and says nothing else.
/// Throws as jpeg_parts() does.
Bytes without_metadata(std::span<const std::byte> jpeg, int orientation, const std::string& name);

}  // namespace duhdr
