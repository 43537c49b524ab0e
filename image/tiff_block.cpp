// SPDX-License-Identifier: Apache-2.0
#include "image/tiff_block.h"

#include <array>

namespace duhdr {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t entry_bytes = 12, field_bytes = 4;
constexpr std::array<std::uint32_t, 13> type_bytes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};

}  // namespace

TiffBlock::TiffBlock(std::span<const std::byte> block)
    : little_(ByteView(block).starts_with("II*\0"sv)),
      has_header_(little_ || ByteView(block).starts_with("MM\0*"sv)),
      view_(block, little_ ? std::endian::little : std::endian::big) {}

std::optional<std::vector<TiffEntry>> TiffBlock::directory(std::uint64_t offset) const {
  const auto count = view_.u16(offset);
  if (!count || offset < 8 || !view_.has(offset, 2 + std::uint64_t{*count} * entry_bytes)) return std::nullopt;
  std::vector<TiffEntry> entries;
  for (std::uint64_t at = offset + 2; entries.size() < *count; at += entry_bytes)
    entries.push_back({.tag = view_.u16(at).value(),
                       .type = view_.u16(at + 2).value(),
                       .count = view_.u32(at + 4).value(),
                       .field = at + 8});
  return entries;
}

std::uint64_t TiffBlock::next_field(std::uint64_t offset) const {
  return offset + 2 + std::uint64_t{view_.u16(offset).value_or(0)} * entry_bytes;
}

std::optional<std::uint64_t> TiffBlock::value(const TiffEntry& entry) const {
  const std::uint64_t bytes =
      entry.type < type_bytes.size() ? std::uint64_t{type_bytes[entry.type]} * entry.count : std::uint64_t{0};
  if (bytes == 0) return std::nullopt;
  const std::uint64_t at = bytes <= field_bytes ? entry.field : view_.u32(entry.field).value_or(0);
  if (!view_.has(at, bytes)) return std::nullopt;
  return at;
}

}  // namespace duhdr
