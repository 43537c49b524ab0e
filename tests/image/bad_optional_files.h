// SPDX-License-Identifier: Apache-2.0
// Pictures of the optional formats that must be refused. Where the build lacks the library, it says so.
#pragma once

#include "image/bytes.h"
#include "image/formats.h"
#include "tests/support/image_files.h"
#if DUHDR_WITH_LIBTIFF
#include "tests/support/image_tiff_files.h"
#endif
#if DUHDR_WITH_LIBWEBP
#include "tests/support/image_webp_files.h"
#endif
#if DUHDR_WITH_LIBHEIF
#include "tests/support/image_heif_files.h"
#endif

namespace duhdr::files {

/// Files that have the mark of such a format and no more.
inline std::vector<BadFile> marks_of_optional_formats() {
  std::vector<BadFile> all;
  for (const auto& [name, file, damaged] :
       {std::tuple{"WebP", bytes_of("RIFF\x10\x20\x30\x40WEBPVP8 ...."), "damaged WebP"},
        {"TIFF", bytes_of(std::string_view("II*\0............", 16)), "damaged TIFF"},
        {"HEIC",
         bytes_of("\x01\x02\x03\x18"
                  "ftypheic........"),
         "HEIF"},
        {"AVIF",
         bytes_of(std::string_view("\0\0\0\x18"
                                   "ftypavif\0\0\0\0avifmif1",
                                   24)),
         "HEIF"}}) {
    const Format* format = recognised(file, "");
    all.push_back({message("mark of ", name, " alone"), "x", file,
                   format->decode != nullptr ? std::string(damaged) : message("this build cannot read ", name)});
  }
  return all;
}

#if DUHDR_WITH_LIBTIFF
/// A little-endian file of one picture with the number in the entry of a tag replaced.
inline Bytes with_entry(Bytes file, std::uint32_t tag, std::uint32_t value) {
  const ByteView view(file, std::endian::little);
  const std::uint32_t directory = view.u32(4).value(), entries = view.u16(directory).value();
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (view.u16(entry) != tag) continue;
    const Bytes number = little(value);
    std::copy(number.begin(), number.end(), file.begin() + static_cast<std::ptrdiff_t>(entry + 8));
    return file;
  }
  std::abort();
}
#endif

inline std::vector<BadFile> bad_tiff_files() {
  std::vector<BadFile> all;
#if DUHDR_WITH_LIBTIFF
  const Bytes one = tiff_file(pattern(40, 8, 1), {.mode = "wl"}), many = tiff_file(pattern(40, 30), {.mode = "wl"}),
              deflate = tiff_file(pattern(40, 30), {.compression = COMPRESSION_ADOBE_DEFLATE, .mode = "wl"}),
              tiles = tiff_file(pattern(40, 30, 1), {.tiled = true, .mode = "wl"});
  const Bytes wide = with_entry(with_entry(one, TIFFTAG_IMAGEWIDTH, 16000), TIFFTAG_IMAGELENGTH, 16000);
  Bytes corrupt = deflate;
  for (std::size_t i = 20; i < 60; ++i) corrupt[i] ^= std::byte{0x5A};
  const auto add = [&](const std::string& name, const Bytes& file, const std::string& reason) {
    all.push_back({"TIFF " + name, "tif", file, reason});
  };
  add("cut in its directory", cut(many, many.size() - 10), "damaged TIFF");
  add("of its header alone", cut(many, 12), "damaged TIFF");
  add("of width 0", with_entry(one, TIFFTAG_IMAGEWIDTH, 0), "");
  add("of 30000 squared", with_entry(with_entry(one, TIFFTAG_IMAGEWIDTH, 30000), TIFFTAG_IMAGELENGTH, 30000),
      "too many pixels (30000 x 30000");
  add("of 16000 squared in 1 KB", with_entry(wide, TIFFTAG_ROWSPERSTRIP, 16000), "damaged TIFF");
  add("of 12 bits", with_entry(one, TIFFTAG_BITSPERSAMPLE, 12), "unsupported TIFF (12 bits per sample");
  add("of signed numbers", with_entry(one, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_INT), "of kind 2");
  add("of inks", with_entry(one, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_SEPARATED), "unsupported TIFF (colours of kind 5");
  add("of JPEG 2000", with_entry(one, TIFFTAG_COMPRESSION, 34712), "unsupported TIFF (compression 34712");
  add("with a strip outside of it", with_entry(one, TIFFTAG_STRIPOFFSETS, 1 << 20), "lies outside of the file");
  add("with impossible tiles", with_entry(tiles, TIFFTAG_TILEWIDTH, 1 << 30), "damaged TIFF");
  add("with corrupt data", corrupt, "damaged TIFF");
#endif
  return all;
}

inline std::vector<BadFile> bad_webp_and_heif_files() {
  std::vector<BadFile> all;
#if DUHDR_WITH_LIBWEBP
  for (const auto& [name, good] : {std::pair{std::string("lossy WebP"), lossy_webp(pattern(40, 30))},
                                   {"lossless WebP", lossless_webp(pattern(40, 30))}}) {
    all.push_back(
        {name + " cut in the middle", "webp", cut(good, good.size() / 2), "damaged WebP: the file ends too early"});
    all.push_back({name + " cut in its header", "webp", cut(good, 22), "damaged WebP"});
    Bytes shorter = cut(good, good.size() / 2 / 2 * 2);  // that says it is whole
    const Bytes size = little(static_cast<std::int64_t>(shorter.size() - 8)),
                data = little(static_cast<std::int64_t>(shorter.size() - 20));
    std::copy(size.begin(), size.end(), shorter.begin() + 4);
    std::copy(data.begin(), data.end(), shorter.begin() + 16);
    all.push_back({name + " with too little data", "webp", shorter, "damaged WebP"});
  }
  all.push_back(
      {"WebP of 16000 squared without a picture", "webp", riff(webp_header(16000, 16000, 0)), "damaged WebP"});
  all.push_back({"WebP of 16777216 squared", "webp", riff(webp_header(1 << 24, 1 << 24, 0)), "WebP"});
#endif
#if DUHDR_WITH_LIBHEIF
  for (const auto& [name, format] :
       {std::pair{std::string("AVIF"), heif_compression_AV1}, {"HEIC", heif_compression_HEVC}}) {
    if (!has_heif(format)) continue;
    const Bytes good = heif_file(pattern(64, 48), {.format = format});
    all.push_back({name + " cut in the middle", "avif", cut(good, good.size() / 2), "damaged HEIF"});
    all.push_back({name + " cut in its header", "avif", cut(good, 60), "HEIF"});
    all.push_back({name + " without its last bytes", "avif", cut(good, good.size() - 5), "damaged HEIF"});
    if (format == heif_compression_AV1) {
      const Bytes sides = number(30000, 4) + number(30000, 4);
      Bytes large = good;
      std::copy(sides.begin(), sides.end(), large.begin() + static_cast<std::ptrdiff_t>(find(good, "ispe") + 8));
      all.push_back({name + " of 30000 squared", "avif", large, "too many pixels (30000 x 30000"});
    }
    all.push_back({name + " of PQ", "avif",
                   heif_file(pattern(64, 48), {.format = format, .primaries = 9, .transfer = 16}),
                   "a picture for HDR displays"});
  }
#endif
  return all;
}

}  // namespace duhdr::files
