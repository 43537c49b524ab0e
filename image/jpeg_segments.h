// SPDX-License-Identifier: Apache-2.0
// A JPEG file as its marker segments, found without decoding the picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace duhdr {

struct JpegSegment {
  std::uint8_t marker = 0;           // the byte behind FF
  std::span<const std::byte> bytes;  // all of it: FF, marker, length, payload
  std::span<const std::byte> payload() const { return bytes.subspan(4); }

  /// Whether it has this marker and a payload that begins with `signature`.
  bool is(std::uint8_t of_marker, std::string_view signature) const;
};

/// The first picture of a file; spans into the file's bytes.
struct JpegParts {
  std::vector<JpegSegment> header;       // between the start marker and the first scan
  std::span<const std::byte> scans;      // from the first scan (FF DA) to the end marker, FF D9, both included
  bool ended = true;                     // false: the file ends before an end marker, and `scans` with it
  std::span<const std::byte> following;  // behind the end marker: more pictures, or anything else
  std::uint32_t width = 0, height = 0, components = 0;  // of the frame header; stored, orientation not applied
};

/// Throws bad_image ("<name>: damaged JPEG: ...") when the bytes are no JPEG, a segment is cut off or too short, or
/// there is no frame header, no scan or no pixel. Bytes between segments of the header are left out, as libjpeg does.
JpegParts jpeg_parts(std::span<const std::byte> file, const std::string& name);

}  // namespace duhdr
