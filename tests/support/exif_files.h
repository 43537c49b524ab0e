// SPDX-License-Identifier: Apache-2.0
// EXIF blocks made at test time: two directories, and a thumbnail's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/image_files.h"

namespace duhdr::files {

struct ExifEntry {
  std::uint32_t tag, type, count;
  Bytes value;  // in the block's byte order
};

inline ExifEntry exif_text(std::uint32_t tag, const std::string& text) {
  return {tag, 2, static_cast<std::uint32_t>(text.size() + 1), bytes_of(text) + number(0, 1)};
}
inline ExifEntry exif_short(std::uint32_t tag, unsigned value, bool big = true) {
  return {tag, 3, 1, number(value, 2, big)};
}
inline ExifEntry exif_ratio(std::uint32_t tag, unsigned numerator, unsigned denominator, bool big = true) {
  return {tag, 5, 1, number(numerator, 4, big) + number(denominator, 4, big)};
}

/// A directory that will lie at `offset`, its longer values behind it.
inline Bytes exif_directory(const std::vector<ExifEntry>& entries, std::size_t offset, std::size_t next, bool big) {
  Bytes out = number(entries.size(), 2, big), values;
  const std::size_t behind = offset + 2 + 12 * entries.size() + 4;
  for (const ExifEntry& entry : entries) {
    out = out + number(entry.tag, 2, big) + number(entry.type, 2, big) + number(entry.count, 4, big);
    if (entry.value.size() <= 4) {
      out = out + entry.value + number(0, static_cast<int>(4 - entry.value.size()));
      continue;
    }
    out = out + number(behind + values.size(), 4, big);
    values = values + entry.value;
  }
  return out + number(next, 4, big) + values;
}

/// The block of a camera: `main` and `exif` entries, and a directory of a thumbnail.
inline Bytes camera_exif(std::vector<ExifEntry> main, const std::vector<ExifEntry>& exif, bool big = true) {
  main.push_back({0x8769, 4, 1, number(0, 4, big)});
  const std::size_t exif_at = 8 + exif_directory(main, 8, 0, big).size();
  const std::size_t thumbnail_at = exif_at + exif_directory(exif, exif_at, 0, big).size();
  main.back().value = number(exif_at, 4, big);
  return bytes_of(big ? std::string_view("MM\0*", 4) : std::string_view("II*\0", 4)) + number(8, 4, big) +
         exif_directory(main, 8, thumbnail_at, big) + exif_directory(exif, exif_at, 0, big) +
         exif_directory({exif_short(0x0103, 6, big)}, thumbnail_at, 0, big);
}

/// With everything that becomes an attribute of an EXR.
inline Bytes full_exif(unsigned orientation, bool big = true) {
  return camera_exif({exif_text(0x010E, " a bridge "), exif_text(0x010F, "Maker"), exif_text(0x0110, "Model 1"),
                      exif_short(0x0112, orientation, big), exif_text(0x013B, "Ann"), exif_text(0x8298, "(c) Ann")},
                     {exif_ratio(0x829A, 1, 250, big), exif_ratio(0x829D, 28, 10, big), exif_short(0x8827, 400, big),
                      exif_text(0x9003, "2024:05:06 07:08:09"), exif_text(0x9011, "+02:30"),
                      exif_ratio(0x920A, 35, 1, big), exif_text(0xA433, "Glass"), exif_text(0xA434, "35mm")},
                     big);
}

}  // namespace duhdr::files
