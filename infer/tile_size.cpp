// SPDX-License-Identifier: Apache-2.0
// How large the tiles of a pass are: as large as the memory limit allows.
#include <algorithm>

#include "infer/chain_run.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr std::int64_t cores[] = {3072, 2048, 1536, 1024, 768, 512, 384, 256, 192, 128};  // tried in this order

std::size_t bytes_of(const Blank& blank) {
  return static_cast<std::size_t>(blank.shape.numel()) * size_of(blank.dtype);
}

}  // namespace

bool ChainRun::fits(const Pass& pass, std::int64_t core, std::size_t room) const {
  const Footprint& footprint = footprints_.at(pass.name);
  const auto fits_in = [&](const Rect& rect) {
    return dry_run(pass, [&] { return inputs(pass, rect, Device::meta()); }).bytes <= room;
  };
  if (core == EngineOptions::whole) return fits_in({0, 0, padded_.h(), padded_.w()});
  const std::vector<Tile> tiles = make_tiles(padded_.h(), padded_.w(), core, footprint.halo(), footprint.align);
  return std::all_of(tiles.begin(), tiles.end(), [&](const Tile& tile) { return fits_in(tile.input); });
}

/// The largest tile whose dry run fits into what the memory limit leaves.
std::int64_t ChainRun::core_for(const Pass& pass) const {
  if (options_.tile >= 0) return options_.tile;
  const CachingAllocator& allocator = allocator_of(options_.device);
  const std::size_t in_use = allocator.stats().in_use, limit = allocator.limit();
  const std::size_t room = limit > in_use ? limit - in_use : 0;
  if (fits(pass, EngineOptions::whole, room)) return EngineOptions::whole;
  if (footprints_.at(pass.name).global) return smallest_core;    // any tile: its parts decide for themselves
  const std::size_t result = bytes_of(blanks_.at(pass.output));  // which tiles are put into
  const std::size_t rest = room > result ? room - result : 0;
  for (const std::int64_t core : cores)
    if (core < std::max(padded_.h(), padded_.w()) && fits(pass, core, rest)) return core;
  return smallest_core;
}

}  // namespace duhdr
