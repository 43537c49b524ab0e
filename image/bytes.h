// SPDX-License-Identifier: Apache-2.0
// Bounds-checked reading and plain writing of bytes, for the parsers and writers of this folder.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/file.h"

namespace duhdr {

/// Numbers at offsets of a byte block; nullopt when any of their bytes lies outside.
class ByteView {
 public:
  explicit ByteView(std::span<const std::byte> bytes, std::endian order = std::endian::big)
      : bytes_(bytes), order_(order) {}

  std::size_t size() const { return bytes_.size(); }
  bool has(std::uint64_t offset, std::uint64_t length) const {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  }
  std::optional<std::uint32_t> u8(std::uint64_t offset) const { return number(offset, 1); }
  std::optional<std::uint32_t> u16(std::uint64_t offset) const { return number(offset, 2); }
  std::optional<std::uint32_t> u32(std::uint64_t offset) const { return number(offset, 4); }
  std::optional<std::span<const std::byte>> part(std::uint64_t offset, std::uint64_t length) const {
    if (!has(offset, length)) return std::nullopt;
    return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
  }
  bool starts_with(std::string_view text, std::uint64_t offset = 0) const {
    const auto found = part(offset, text.size());
    return found && as_text(*found) == text;
  }

  static std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::optional<std::uint32_t> number(std::uint64_t offset, unsigned length) const {
    if (!has(offset, length)) return std::nullopt;
    std::uint32_t value = 0;
    for (unsigned i = 0; i < length; ++i) {
      const unsigned place = order_ == std::endian::big ? i : length - 1 - i;
      value = (value << 8) | std::to_integer<std::uint32_t>(bytes_[static_cast<std::size_t>(offset) + place]);
    }
    return value;
  }

  std::span<const std::byte> bytes_;
  std::endian order_;
};

inline void append(Bytes& to, std::string_view text) {
  for (const char c : text) to.push_back(static_cast<std::byte>(c));
}

inline void append(Bytes& to, std::span<const std::byte> bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

inline void append_byte(Bytes& to, std::uint32_t value) { to.push_back(static_cast<std::byte>(value & 0xFFu)); }

/// Most significant byte first.
inline void append_u16(Bytes& to, std::uint32_t value) {
  append_byte(to, value >> 8);
  append_byte(to, value);
}
inline void append_u32(Bytes& to, std::uint32_t value) {
  append_u16(to, value >> 16);
  append_u16(to, value);
}

}  // namespace duhdr
