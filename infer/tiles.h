// SPDX-License-Identifier: Apache-2.0
// Cutting an image into tiles with halos, so that a network's result on the tiles is its result on the whole.
#pragma once

#include <cstdint>
#include <vector>

namespace duhdr {

struct Rect {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
  std::int64_t bottom() const { return top + height; }
  std::int64_t right() const { return left + width; }
  bool operator==(const Rect&) const = default;
};

/// `rect` with `halo` more pixels on every side, as far as `image` goes.
Rect grown(const Rect& rect, std::int64_t halo, const Rect& image);

std::int64_t rounded_up(std::int64_t value, std::int64_t unit);

/// One tile: what it is responsible for, and what it reads (the core and its halo, as far as the image goes).
struct Tile {
  Rect core, input;
};

/// Tiles of a part of an image of h x w pixels. Cores are at most `core` pixels a side (rounded up to the alignment; 0:
/// as large as the part), nearly equal in size, and cover the part once; borders inside it are multiples of the
/// alignment from its corner.
std::vector<Tile> make_tiles(const Rect& part, const Rect& image, std::int64_t core, std::int64_t halo,
                             std::int64_t alignment);

}  // namespace duhdr
