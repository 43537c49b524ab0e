// SPDX-License-Identifier: Apache-2.0
// The directories of a TIFF block, as EXIF has them. Bounds-checked; never throws on content.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/bytes.h"

namespace duhdr {

struct TiffEntry {
  static constexpr std::uint32_t ascii = 2, u16 = 3, u32 = 4, rational = 5;
  std::uint32_t tag = 0, type = 0, count = 0;
  std::uint64_t field = 0;  // where its four bytes are: the value, or the value's place where it takes more
};

class TiffBlock {
 public:
  explicit TiffBlock(std::span<const std::byte> block);

  bool has_header() const { return has_header_; }  // "II*\0" or "MM\0*"
  const ByteView& view() const { return view_; }   // in the block's byte order
  bool little_endian() const { return little_; }
  std::uint32_t first() const { return view_.u32(4).value_or(0); }  // offset of the first directory

  /// The entries of the directory at an offset; nothing when it does not lie inside the block.
  std::optional<std::vector<TiffEntry>> directory(std::uint64_t offset) const;

  /// Where a directory that lies inside the block states the offset of the next one.
  std::uint64_t next_field(std::uint64_t offset) const;

  /// Where the bytes of an entry's value begin; nothing when they do not lie inside the block, or the type has no size.
  std::optional<std::uint64_t> value(const TiffEntry& entry) const;

 private:
  bool little_, has_header_;
  ByteView view_;
};

}  // namespace duhdr
