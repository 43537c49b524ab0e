// SPDX-License-Identifier: Apache-2.0
// The orientation of an EXIF (TIFF) block, read and written.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/file.h"

namespace duhdr {

struct Orientation {
  int value = 1;             // 1..8; 1 when the block is broken or silent
  bool stated = false;       // the block says so
  std::string problem = {};  // what is broken; empty = nothing
};

/// Reads tag 0x0112 of the first directory. `tiff` begins with "II*\0" or "MM\0*". Never throws on content.
Orientation exif_orientation(std::span<const std::byte> tiff);

/// The block for a picture that has been turned upright: orientation 1, and without its thumbnail where that would have
/// to be turned. Nothing when exif_orientation() has a problem with it.
std::optional<Bytes> upright_exif(std::span<const std::byte> tiff);

/// A block that states an orientation and nothing else.
Bytes exif_of_orientation(int orientation);

}  // namespace duhdr
