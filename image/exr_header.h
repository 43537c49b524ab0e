// SPDX-License-Identifier: Apache-2.0
// What an OpenEXR file asks for, read by our own bounds-checked walk before the library is allowed to see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "image/image.h"

namespace duhdr {

/// Inclusive pixel rectangle. After check: min <= max and every coordinate within +-2^30.
struct ExrWindow {
  std::int64_t min_x = 0, min_y = 0, max_x = -1, max_y = -1;
  std::int64_t width() const { return max_x - min_x + 1; }
  std::int64_t height() const { return max_y - min_y + 1; }
};

struct ExrChannel {
  std::string name;
  int x_sampling = 1, y_sampling = 1;
};

struct ExrPart {
  std::vector<ExrChannel> channels;
  ExrWindow data, display;
  std::string type;  // "scanlineimage", ...; may be absent in a single-part file
  bool deep = false;
  bool tiled = false;
  std::int64_t tile_width = 0, tile_height = 0;
  std::int64_t chunks = -1;  // as stated; -1 = not stated

  const ExrChannel* find(const std::string& name) const;
};

/// All parts of a file, each within the limits. Throws bad_image.
std::vector<ExrPart> read_exr_header(std::span<const std::byte> bytes, const std::string& name,
                                     const ReadLimits& limits);

}  // namespace duhdr
