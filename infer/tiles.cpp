// SPDX-License-Identifier: Apache-2.0
#include "infer/tiles.h"

#include <algorithm>

#include "base/error.h"

namespace duhdr {
namespace {

struct Span {
  std::int64_t begin, end;
};

std::vector<Span> cores(std::int64_t side, std::int64_t core, std::int64_t alignment) {
  if (core == 0 || core >= side) return {{0, side}};
  const std::int64_t count = (side + core - 1) / core;
  const std::int64_t step = rounded_up((side + count - 1) / count, alignment);
  std::vector<Span> spans;
  for (std::int64_t begin = 0; begin < side; begin += step) spans.push_back({begin, std::min(begin + step, side)});
  return spans;
}

}  // namespace

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

Rect grown(const Rect& rect, std::int64_t halo, const Rect& image) {
  const std::int64_t top = std::max(image.top, rect.top - halo), left = std::max(image.left, rect.left - halo);
  const std::int64_t bottom = std::min(image.bottom(), rect.bottom() + halo);
  return {top, left, bottom - top, std::min(image.right(), rect.right() + halo) - left};
}

std::vector<Tile> make_tiles(const Rect& part, const Rect& image, std::int64_t core, std::int64_t halo,
                             std::int64_t alignment) {
  DUHDR_CHECK(halo % alignment == 0, "a halo of ", halo, " pixels is no multiple of ", alignment);
  const std::int64_t side = rounded_up(core, alignment);
  std::vector<Tile> tiles;
  for (const Span y : cores(part.height, side, alignment))
    for (const Span x : cores(part.width, side, alignment)) {
      const Rect own{part.top + y.begin, part.left + x.begin, y.end - y.begin, x.end - x.begin};
      tiles.push_back({own, grown(own, halo, image)});
    }
  return tiles;
}

}  // namespace duhdr
