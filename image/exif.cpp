// SPDX-License-Identifier: Apache-2.0
#include "image/exif.h"

#include <algorithm>
#include <vector>

#include "image/bytes.h"

namespace duhdr {
namespace {

constexpr std::uint32_t orientation_tag = 0x0112;
constexpr std::uint32_t short_type = 3;
constexpr std::uint32_t long_type = 4;
constexpr std::size_t entry_bytes = 12;
constexpr std::size_t directories_followed = 16;

/// The orientation entry of the directory at `offset`, which lies inside the block.
Orientation first_directory(const ByteView& view, std::uint32_t offset, std::uint32_t entries) {
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::uint64_t entry = std::uint64_t{offset} + 2 + std::uint64_t{i} * entry_bytes;
    if (view.u16(entry) != orientation_tag) continue;
    const std::uint32_t type = view.u16(entry + 2).value_or(0);
    if ((type != short_type && type != long_type) || view.u32(entry + 4) != 1u)
      return {.problem = message("orientation is no single number (type ", type, ", 3 or 4)")};
    const std::uint32_t value = (type == short_type ? view.u16(entry + 8) : view.u32(entry + 8)).value_or(0);
    if (value < 1 || value > 8) return {.problem = message("orientation out of range (", value, ", 1 to 8)")};
    return {.value = static_cast<int>(value), .stated = true};
  }
  return {};
}

}  // namespace

Orientation exif_orientation(std::span<const std::byte> tiff) {
  using namespace std::string_view_literals;
  const ByteView raw(tiff);
  const bool little = raw.starts_with("II*\0"sv);
  if (!little && !raw.starts_with("MM\0*"sv)) return {.problem = "no TIFF header"};
  const ByteView view(tiff, little ? std::endian::little : std::endian::big);

  Orientation found;
  std::vector<std::uint32_t> visited;
  for (std::uint32_t offset = view.u32(4).value_or(0); visited.size() < directories_followed;) {
    const bool first = visited.empty();
    if (std::ranges::find(visited, offset) != visited.end()) return {.problem = "the directories form a loop"};
    visited.push_back(offset);
    const auto entries = view.u16(offset);
    if (!entries || offset < 8 || !view.has(offset, 2 + std::uint64_t{*entries} * entry_bytes)) {
      if (first)
        return {.problem = message("the first directory lies outside (offset ", offset, ", ", view.size(), " bytes)")};
      return found;  // later directories (thumbnails) are not ours to judge
    }
    if (first) found = first_directory(view, offset, *entries);
    const auto next = view.u32(std::uint64_t{offset} + 2 + std::uint64_t{*entries} * entry_bytes);
    if (!next || *next == 0) return found;
    offset = *next;
  }
  return found;
}

}  // namespace duhdr
