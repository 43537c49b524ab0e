// SPDX-License-Identifier: Apache-2.0
// The orientation out of an EXIF (TIFF) block.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace duhdr {

struct Orientation {
  int value = 1;             // 1..8; 1 when the block is broken or silent
  bool stated = false;       // the block says so
  std::string problem = {};  // what is broken; empty = nothing
};

/// Reads tag 0x0112 of the first directory. `tiff` begins with "II*\0" or "MM\0*". Never throws on content.
Orientation exif_orientation(std::span<const std::byte> tiff);

}  // namespace duhdr
