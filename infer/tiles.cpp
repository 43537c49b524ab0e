// SPDX-License-Identifier: Apache-2.0
#include "infer/tiles.h"

#include <algorithm>

#include "base/error.h"

namespace duhdr {
namespace {

struct Span {
  std::int64_t begin, end;
};

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

std::vector<Span> cores(std::int64_t side, std::int64_t core, std::int64_t alignment) {
  if (core == 0 || core >= side) return {{0, side}};
  const std::int64_t count = (side + core - 1) / core;
  const std::int64_t step = rounded_up((side + count - 1) / count, alignment);
  std::vector<Span> spans;
  for (std::int64_t begin = 0; begin < side; begin += step) spans.push_back({begin, std::min(begin + step, side)});
  return spans;
}

}  // namespace

std::vector<Tile> make_tiles(std::int64_t h, std::int64_t w, std::int64_t core, std::int64_t halo,
                             std::int64_t alignment) {
  DUHDR_CHECK(halo % alignment == 0, "a halo of ", halo, " pixels is no multiple of ", alignment);
  const std::int64_t side = core == 0 ? 0 : rounded_up(core, alignment);
  std::vector<Tile> tiles;
  for (const Span y : cores(h, side, alignment))
    for (const Span x : cores(w, side, alignment)) {
      const std::int64_t top = std::max<std::int64_t>(0, y.begin - halo), bottom = std::min(h, y.end + halo);
      const std::int64_t left = std::max<std::int64_t>(0, x.begin - halo), right = std::min(w, x.end + halo);
      tiles.push_back({{y.begin, x.begin, y.end - y.begin, x.end - x.begin}, {top, left, bottom - top, right - left}});
    }
  return tiles;
}

}  // namespace duhdr
