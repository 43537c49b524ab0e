// SPDX-License-Identifier: Apache-2.0
#include "image/exr_header.h"

#include <algorithm>
#include <bit>

#include <ImfCompression.h>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr {
namespace {

using decode::refuse;

constexpr std::uint32_t version_flag_tiled = 0x200, version_flag_deep = 0x800, version_flag_multi_part = 0x1000;
constexpr std::size_t longest_name = 255;
constexpr std::size_t parts_allowed = 256;
constexpr std::size_t attributes_allowed = 10'000;
constexpr std::int64_t coordinate_limit = std::int64_t{1} << 30;

class HeaderWalk {
 public:
  HeaderWalk(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits)
      : view_(bytes, std::endian::little), name_(name), limits_(limits) {}

  std::vector<ExrPart> parts() {
    const std::uint32_t version = number(4);
    if ((version & 0xFF) != 2) refuse(name_, "unknown OpenEXR version (", version & 0xFF, ", 2)");
    position_ = 8;
    std::vector<ExrPart> found;
    const bool many = (version & version_flag_multi_part) != 0;
    do {
      if (found.size() == parts_allowed) refuse(name_, "too many EXR parts (more than ", parts_allowed, ")");
      found.push_back(part());
      ExrPart& last = found.back();
      const bool deep_flag = !many && (version & version_flag_deep) != 0;
      last.deep = deep_flag || last.type == "deepscanline" || last.type == "deeptile";
      last.tiled = last.type.empty() ? (version & version_flag_tiled) != 0 : last.type == "tiledimage";
      check(last);
    } while (many && view_.u8(position_).value_or(0) != 0);
    return found;
  }

 private:
  [[noreturn]] void damaged(const char* what) const {
    refuse(name_, "damaged EXR header: ", what, " at byte ", position_);
  }

  std::uint32_t number(std::uint64_t offset) const {
    const auto value = view_.u32(offset);
    if (!value) damaged("the file ends");
    return *value;
  }
  std::int32_t integer(std::uint64_t offset) const { return std::bit_cast<std::int32_t>(number(offset)); }

  /// A zero-terminated name that begins at `offset` and ends before `end`.
  std::string text(std::uint64_t offset, std::uint64_t end) const {
    std::string found;
    for (; offset < end; ++offset) {
      const auto byte = view_.u8(offset);
      if (!byte) damaged("the file ends");
      if (*byte == 0) return found;
      if (found.size() == longest_name) damaged("a name without an end");
      found += static_cast<char>(*byte);
    }
    damaged("a name without an end");
  }

  ExrPart part() {
    ExrPart found;
    for (std::size_t count = 0;; ++count) {
      if (count == attributes_allowed) damaged("too many attributes");
      const std::string attribute = text(position_, view_.size());
      position_ += attribute.size() + 1;
      if (attribute.empty()) return found;
      const std::string type = text(position_, view_.size());
      position_ += type.size() + 1;
      const std::uint32_t size = number(position_);
      position_ += 4;
      if (!view_.has(position_, size)) damaged("an attribute reaches behind the end of the file");
      read_attribute(attribute, size, found);
      position_ += size;
    }
  }

  void read_attribute(const std::string& attribute, std::uint32_t size, ExrPart& to) {
    if (attribute == "channels") to.channels = channels(position_, position_ + size);
    if (attribute == "dataWindow") to.data = window(size);
    if (attribute == "displayWindow") to.display = window(size);
    if (attribute == "type") to.type = std::string(ByteView::as_text(*view_.part(position_, std::min(size, 64u))));
    if (attribute == "compression" && size == 1) check_compression(*view_.u8(position_));
    if (attribute == "chunkCount" && size == 4) to.chunks = integer(position_);
    if (attribute == "tiles") {
      if (size != 9) damaged("a tile description of the wrong size");
      to.tile_width = number(position_);
      to.tile_height = number(position_ + 4);
    }
  }

  void check_compression(std::uint32_t method) const {
    if (method < Imf::NUM_COMPRESSION_METHODS) return;
    const char* known = method == 10 || method == 11 ? "HTJ2K" : method == 12 ? "ZSTD" : "unknown";
    refuse(name_, "compression not supported (", method, ": ", known, ", 0 to ", Imf::NUM_COMPRESSION_METHODS - 1, ")");
  }

  ExrWindow window(std::uint32_t size) const {
    if (size != 16) damaged("a window of the wrong size");
    return {integer(position_), integer(position_ + 4), integer(position_ + 8), integer(position_ + 12)};
  }

  std::vector<ExrChannel> channels(std::uint64_t offset, std::uint64_t end) const {
    constexpr std::uint64_t entry_bytes = 16;  // pixel type, linearity and three unused bytes, two samplings
    std::vector<ExrChannel> found;
    for (;;) {
      const std::string channel = text(offset, end);
      offset += channel.size() + 1;
      if (channel.empty()) return found;
      if (offset + entry_bytes > end) damaged("a cut channel list");
      if (found.size() == static_cast<std::size_t>(limits_.exr_channels))
        refuse(name_, "too many channels (more than ", limits_.exr_channels, ", at most ", limits_.exr_channels, ")");
      found.push_back({channel, integer(offset + 8), integer(offset + 12)});
      offset += entry_bytes;
    }
  }

  void check(const ExrPart& part) const {
    check_window("data window", part.data);
    check_window("display window", part.display);
    for (const ExrChannel& channel : part.channels)
      if (channel.x_sampling < 1 || channel.y_sampling < 1)
        refuse(name_, "channel ", escaped(channel.name), " has sampling ", channel.x_sampling, " x ",
               channel.y_sampling);
    if (part.tiled) check_tiles(part);
    constexpr std::int64_t smallest_chunk = 8;  // one entry of the offset table
    if (part.chunks > static_cast<std::int64_t>(view_.size()) / smallest_chunk)
      refuse(name_, "damaged EXR header: ", part.chunks, " chunks in a file of ", view_.size(), " bytes");
    constexpr std::int64_t most_lines = 256;  // per chunk, of all compressions
    if (!part.tiled && !part.deep &&
        part.data.height() / most_lines > static_cast<std::int64_t>(view_.size()) / smallest_chunk)
      refuse(name_, "damaged EXR: ", part.data.height(), " lines in a file of ", view_.size(), " bytes");
  }

  void check_window(const char* what, const ExrWindow& window) const {
    const auto outside = [](std::int64_t value) { return value < -coordinate_limit || value > coordinate_limit; };
    if (outside(window.min_x) || outside(window.min_y) || outside(window.max_x) || outside(window.max_y) ||
        window.min_x > window.max_x || window.min_y > window.max_y)
      refuse(name_, "impossible ", what, " (", window.min_x, ",", window.min_y, " to ", window.max_x, ",", window.max_y,
             ")");
    decode::check_size(message(name_, ": ", what), static_cast<std::uint64_t>(window.width()),
                       static_cast<std::uint64_t>(window.height()), limits_);
  }

  void check_tiles(const ExrPart& part) const {
    const std::int64_t width = part.tile_width, height = part.tile_height;
    if (width < 1 || height < 1 || width > limits_.side || height > limits_.side || width * height > limits_.pixels ||
        part.data.width() * height > limits_.pixels)
      refuse(name_, "unusable tile size (", width, " x ", height, ", at most ", limits_.pixels,
             " pixels in a row of tiles)");
  }

  ByteView view_;
  const std::string& name_;
  const ReadLimits& limits_;
  std::uint64_t position_ = 0;
};

}  // namespace

const ExrChannel* ExrPart::find(const std::string& name) const {
  const auto found = std::ranges::find(channels, name, &ExrChannel::name);
  return found == channels.end() ? nullptr : &*found;
}

std::vector<ExrPart> read_exr_header(std::span<const std::byte> bytes, const std::string& name,
                                     const ReadLimits& limits) {
  return HeaderWalk(bytes, name, limits).parts();
}

}  // namespace duhdr
