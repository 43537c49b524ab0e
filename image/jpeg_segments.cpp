// SPDX-License-Identifier: Apache-2.0
#include "image/jpeg_segments.h"

#include <algorithm>
#include <optional>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr {
namespace {

constexpr std::uint8_t start_of_image = 0xD8, end_of_image = 0xD9, start_of_scan = 0xDA, temporary = 0x01;
constexpr std::size_t marker_bytes = 2, length_bytes = 2;

bool is_restart(std::uint32_t marker) { return marker >= 0xD0 && marker <= 0xD7; }

/// SOF0 to SOF15; DHT, JPG and DAC lie between them.
bool is_frame(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// Walks from marker to marker.
class Walk {
 public:
  Walk(std::span<const std::byte> file, const std::string& name) : view_(file), name_(name) {}

  std::size_t position() const { return position_; }

  /// Passes the next FF that has a code other than 0 behind it, and returns the code. Fill bytes, stuffed FFs and
  /// anything else before it are passed, too. Nothing when the file ends first.
  std::optional<std::uint8_t> next_marker() {
    for (; position_ + 1 < view_.size(); ++position_) {
      const std::uint32_t code = *view_.u8(position_ + 1);
      if (view_.u8(position_) != 0xFFu || code == 0 || code == 0xFF) continue;
      position_ += marker_bytes;
      return static_cast<std::uint8_t>(code);
    }
    position_ = view_.size();
    return std::nullopt;
  }

  /// Behind a marker: passes its length and payload, and returns the whole segment.
  JpegSegment segment(std::uint8_t marker) {
    const auto length = view_.u16(position_);
    if (!length || *length < length_bytes || !view_.has(position_, *length))
      decode::refuse(name_, "damaged JPEG: segment ", static_cast<int>(marker), " reaches behind the end (at byte ",
                     position_, " of ", view_.size(), ")");
    const auto bytes = *view_.part(position_ - marker_bytes, marker_bytes + std::size_t{*length});
    position_ += *length;
    return {.marker = marker, .bytes = bytes};
  }

 private:
  ByteView view_;
  const std::string& name_;
  std::size_t position_ = 0;
};

void read_frame(JpegParts& parts, const JpegSegment& segment, const std::string& name) {
  const ByteView view(segment.payload());
  const auto height = view.u16(1), width = view.u16(3), components = view.u8(5);
  if (parts.components != 0 || !components || *width == 0 || *height == 0 || *components == 0)
    decode::refuse(name, "damaged JPEG: no usable frame header");
  parts.width = *width;
  parts.height = *height;
  parts.components = *components;
}

/// From behind the first SOS segment to behind the end marker. Segments between scans are passed by their length.
void find_end(Walk& walk, JpegParts& parts, const std::string& name) {
  while (const auto marker = walk.next_marker()) {
    if (*marker == end_of_image) return;
    if (*marker == start_of_image) decode::refuse(name, "damaged JPEG: a second picture begins within the first");
    if (!is_restart(*marker) && *marker != temporary) walk.segment(*marker);
  }
  parts.ended = false;
}

}  // namespace

bool JpegSegment::is(std::uint8_t of_marker, std::string_view signature) const {
  return marker == of_marker && ByteView(payload()).starts_with(signature);
}

JpegParts jpeg_parts(std::span<const std::byte> file, const std::string& name) {
  if (!ByteView(file).starts_with("\xFF\xD8")) decode::refuse(name, "damaged JPEG: no start marker");
  JpegParts parts;
  Walk walk(file, name);
  walk.next_marker();
  for (;;) {
    const auto marker = walk.next_marker();
    if (!marker || *marker == end_of_image || *marker == start_of_image)
      decode::refuse(name, "damaged JPEG: no picture data (", file.size(), " bytes)");
    if (is_restart(*marker) || *marker == temporary) continue;
    const JpegSegment segment = walk.segment(*marker);
    if (is_frame(*marker)) read_frame(parts, segment, name);
    if (*marker != start_of_scan) {
      parts.header.push_back(segment);
      continue;
    }
    if (parts.components == 0) decode::refuse(name, "damaged JPEG: no usable frame header");
    const std::size_t begin = walk.position() - segment.bytes.size();
    find_end(walk, parts, name);
    parts.scans = file.subspan(begin, walk.position() - begin);
    parts.following = file.subspan(walk.position());
    return parts;
  }
}

}  // namespace duhdr
