// SPDX-License-Identifier: Apache-2.0
#include "image/jpeg_strip.h"

#include "image/bytes.h"
#include "image/exif.h"
#include "image/jpeg_segments.h"

namespace duhdr {
namespace {

using namespace std::string_view_literals;

constexpr std::uint8_t app0 = 0xE0, app1 = 0xE1, app2 = 0xE2, app14 = 0xEE, app15 = 0xEF, comment = 0xFE;

bool is_kept(const JpegSegment& segment) {
  if (segment.is(app0, "JFIF\0"sv) || segment.is(app2, "ICC_PROFILE\0"sv) || segment.is(app14, "Adobe"sv)) return true;
  return segment.marker != comment && (segment.marker < app0 || segment.marker > app15);
}

}  // namespace

Bytes without_metadata(std::span<const std::byte> jpeg, int orientation, const std::string& name) {
  const JpegParts parts = jpeg_parts(jpeg, name);
  Bytes out;
  append(out, "\xFF\xD8"sv);
  const auto add = [&](bool jfif) {
    for (const JpegSegment& segment : parts.header)
      if (is_kept(segment) && (segment.marker == app0) == jfif) append(out, segment.bytes);
  };
  add(true);
  if (orientation != 1) {
    const Bytes exif = exif_of_orientation(orientation);
    append_byte(out, 0xFF);
    append_byte(out, app1);
    append_u16(out, static_cast<std::uint32_t>(2 + 6 + exif.size()));
    append(out, "Exif\0\0"sv);
    append(out, exif);
  }
  add(false);
  append(out, parts.scans);
  return out;
}

}  // namespace duhdr
