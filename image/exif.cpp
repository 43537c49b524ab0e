// SPDX-License-Identifier: Apache-2.0
#include "image/exif.h"

#include <algorithm>
#include <vector>

#include "image/tiff_block.h"

namespace duhdr {
namespace {

constexpr std::uint32_t orientation_tag = 0x0112;
constexpr std::size_t directories_followed = 16;

/// The orientation among the entries of a directory.
Orientation orientation_of(const TiffBlock& tiff, const std::vector<TiffEntry>& entries) {
  const auto entry = std::ranges::find(entries, orientation_tag, &TiffEntry::tag);
  if (entry == entries.end()) return {};
  const bool is_short = entry->type == TiffEntry::u16;
  if ((!is_short && entry->type != TiffEntry::u32) || entry->count != 1)
    return {.problem = message("orientation is no single number (type ", entry->type, ", 3 or 4)")};
  const std::uint32_t value = (is_short ? tiff.view().u16(entry->field) : tiff.view().u32(entry->field)).value_or(0);
  if (value < 1 || value > 8) return {.problem = message("orientation out of range (", value, ", 1 to 8)")};
  return {.value = static_cast<int>(value), .stated = true};
}

void put(Bytes& block, std::uint64_t at, std::uint32_t value, std::size_t bytes, bool little) {
  for (std::size_t i = 0; i < bytes; ++i)
    block[static_cast<std::size_t>(at) + (little ? i : bytes - 1 - i)] =
        static_cast<std::byte>(value >> (8 * i) & 0xFFu);
}

}  // namespace

Orientation exif_orientation(std::span<const std::byte> block) {
  const TiffBlock tiff(block);
  if (!tiff.has_header()) return {.problem = "no TIFF header"};

  Orientation found;
  std::vector<std::uint32_t> visited;
  for (std::uint32_t offset = tiff.first(); visited.size() < directories_followed;) {
    const bool first = visited.empty();
    if (std::ranges::find(visited, offset) != visited.end()) return {.problem = "the directories form a loop"};
    visited.push_back(offset);
    const auto entries = tiff.directory(offset);
    if (!entries) {
      if (first)
        return {.problem = message("the first directory lies outside (offset ", offset, ", ", block.size(), " bytes)")};
      return found;  // later directories (thumbnails) are not ours to judge
    }
    if (first) found = orientation_of(tiff, *entries);
    const auto next = tiff.view().u32(tiff.next_field(offset));
    if (!next || *next == 0) return found;
    offset = *next;
  }
  return found;
}

std::optional<Bytes> upright_exif(std::span<const std::byte> block) {
  const Orientation orientation = exif_orientation(block);
  if (!orientation.problem.empty()) return std::nullopt;
  Bytes out(block.begin(), block.end());
  if (orientation.value == 1) return out;
  const TiffBlock tiff(block);
  const auto entries = tiff.directory(tiff.first());
  const auto entry = std::ranges::find(*entries, orientation_tag, &TiffEntry::tag);
  put(out, entry->field, 1, entry->type == TiffEntry::u16 ? 2 : 4, tiff.little_endian());
  if (const std::uint64_t next = tiff.next_field(tiff.first()); tiff.view().u32(next))
    put(out, next, 0, 4, tiff.little_endian());
  return out;
}

Bytes exif_of_orientation(int orientation) {
  Bytes block;
  append(block, std::string_view("MM\0*", 4));
  append_u32(block, 8);
  append_u16(block, 1);
  append_u16(block, orientation_tag);
  append_u16(block, TiffEntry::u16);
  append_u32(block, 1);
  append_u16(block, static_cast<std::uint32_t>(orientation));
  append_u16(block, 0);
  append_u32(block, 0);
  return block;
}

}  // namespace duhdr
