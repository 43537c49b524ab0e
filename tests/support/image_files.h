// SPDX-License-Identifier: Apache-2.0
// Picture files made at test time, good ones and the parts that broken ones are put together from.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#include "image/image.h"

namespace duhdr::files {

/// A file that must be refused.
struct BadFile {
  std::string name, extension;
  Bytes file;
  std::string reason;  // a part of the message
};

inline Bytes bytes_of(std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(first, first + text.size());
}
inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
inline Bytes operator+(Bytes left, std::string_view right) { return std::move(left) + bytes_of(right); }

/// `count` bytes of `value`, most significant first or last; beyond 8 they are zeros.
inline Bytes number(std::uint64_t value, int count, bool big = true) {
  Bytes out(static_cast<std::size_t>(count));
  for (int i = 0; i < count && i < 8; ++i)
    out[static_cast<std::size_t>(big ? count - 1 - i : i)] = static_cast<std::byte>(value >> (8 * i));
  return out;
}
inline Bytes little(std::int64_t value, int count = 4) {
  return number(static_cast<std::uint64_t>(value), count, false);
}

inline Bytes cut(const Bytes& file, std::size_t length) {
  return Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(std::min(length, file.size())));
}
inline Bytes with_byte(Bytes file, std::size_t offset, std::uint8_t value) {
  file.at(offset) = static_cast<std::byte>(value);
  return file;
}
/// Offset of `text` in the file; the test ends here when it is not there.
inline std::size_t find(const Bytes& file, std::string_view text) {
  const std::size_t at = std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).find(text);
  if (at == std::string_view::npos) std::abort();
  return at;
}
inline std::size_t find_last(const Bytes& file, std::string_view text) {
  const std::size_t at = std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).rfind(text);
  if (at == std::string_view::npos) std::abort();
  return at;
}
inline Bytes replaced(const Bytes& file, std::string_view text, std::string_view by) {
  const std::size_t at = find(file, text);
  return cut(file, at) + by + Bytes(file.begin() + static_cast<std::ptrdiff_t>(at + text.size()), file.end());
}

/// A picture of 8-bit codes.
struct Codes {
  int width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> data;
};

/// Smooth in both directions and different in every channel.
inline Codes pattern(int width, int height, int channels = 3) {
  Codes codes{width, height, channels, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        codes.data.push_back(static_cast<std::uint8_t>((40 + x * 180 / width + y * (20 + 40 * c) / height) % 256));
  return codes;
}

// PNG ---------------------------------------------------------------------------------------------------------

inline const Bytes png_signature = bytes_of("\x89PNG\r\n\x1A\n");

inline Bytes chunk(std::string_view name, const Bytes& data) {
  const Bytes body = bytes_of(name) + data;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return number(data.size(), 4) + body + number(sum, 4);
}
inline Bytes deflated(const Bytes& data) {
  uLongf length = compressBound(static_cast<uLong>(data.size()));
  Bytes out(length);
  compress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(data.data()),
           static_cast<uLong>(data.size()));
  out.resize(length);
  return out;
}
inline Bytes ihdr(std::uint32_t width, std::uint32_t height, int depth = 8, int colour = 2, int interlace = 0) {
  return chunk("IHDR", number(width, 4) + number(height, 4) + number(static_cast<unsigned>(depth), 1) +
                           number(static_cast<unsigned>(colour), 1) + number(0, 2) +
                           number(static_cast<unsigned>(interlace), 1));
}
inline const Bytes iend = chunk("IEND", {});

/// Rows of packed samples, each behind its filter byte 0.
inline Bytes filtered(const Bytes& samples, std::size_t row_bytes) {
  Bytes out;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % row_bytes == 0) out.push_back(std::byte{0});
    out.push_back(samples[i]);
  }
  return out;
}
inline Bytes samples_of(const Codes& codes) {
  return bytes_of({reinterpret_cast<const char*>(codes.data.data()), codes.data.size()});
}
/// An 8-bit file of 1 (grey), 2 (grey, alpha), 3 or 4 channels; `extra` chunks go before the picture data.
inline Bytes png_file(const Codes& codes, const Bytes& extra = {}) {
  constexpr int colour_types[] = {0, 0, 4, 2, 6};
  const auto row = static_cast<std::size_t>(codes.width * codes.channels);
  return png_signature +
         ihdr(static_cast<std::uint32_t>(codes.width), static_cast<std::uint32_t>(codes.height), 8,
              colour_types[codes.channels]) +
         extra + chunk("IDAT", deflated(filtered(samples_of(codes), row))) + iend;
}
inline Bytes interlaced_png(const Codes& codes) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp writer, png_bytep from, std::size_t count) {
        auto* to = static_cast<Bytes*>(png_get_io_ptr(writer));
        const auto* first = reinterpret_cast<const std::byte*>(from);
        to->insert(to->end(), first, first + count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(codes.width), static_cast<png_uint_32>(codes.height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_bytep> rows;
  for (int y = 0; y < codes.height; ++y) rows.push_back(const_cast<png_bytep>(codes.data.data()) + y * codes.width * 3);
  png_set_rows(png, info, rows.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

// JPEG --------------------------------------------------------------------------------------------------------

/// Of 1 (grey), 2 (no known colours), 3 (RGB) or 4 (CMYK) channels; `tune` may change anything before compression
/// starts.
inline Bytes jpeg_file(const Codes& codes, const std::function<void(jpeg_compress_struct&)>& tune = {}) {
  jpeg_compress_struct info{};
  jpeg_error_mgr manager{};
  info.err = jpeg_std_error(&manager);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long length = 0;
  jpeg_mem_dest(&info, &buffer, &length);
  info.image_width = static_cast<JDIMENSION>(codes.width);
  info.image_height = static_cast<JDIMENSION>(codes.height);
  info.input_components = codes.channels;
  constexpr J_COLOR_SPACE spaces[] = {JCS_UNKNOWN, JCS_GRAYSCALE, JCS_UNKNOWN, JCS_RGB, JCS_CMYK};
  info.in_color_space = spaces[codes.channels];
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (tune) tune(info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<unsigned char*>(codes.data.data()) +
                info.next_scanline * info.image_width * static_cast<unsigned>(codes.channels);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  Bytes out = bytes_of({reinterpret_cast<const char*>(buffer), length});
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}
/// A progressive file of one scan per coefficient: 190 of them.
inline Bytes many_scans_jpeg(const Codes& codes) {
  static std::vector<jpeg_scan_info> script = [] {
    std::vector<jpeg_scan_info> scans{{3, {0, 1, 2, 0}, 0, 0, 0, 0}};
    for (int component = 0; component < 3; ++component)
      for (int k = 1; k < 64; ++k) scans.push_back({1, {component, 0, 0, 0}, k, k, 0, 0});
    return scans;
  }();
  return jpeg_file(codes, [](jpeg_compress_struct& info) {
    info.scan_info = script.data();
    info.num_scans = static_cast<int>(script.size());
  });
}
/// The file with one more marker segment behind its first marker.
inline Bytes with_segment(const Bytes& jpeg, int marker, const Bytes& payload) {
  return cut(jpeg, 2) + number(0xFF00u + static_cast<unsigned>(marker), 2) + number(payload.size() + 2, 2) + payload +
         Bytes(jpeg.begin() + 2, jpeg.end());
}

// EXIF and ICC ------------------------------------------------------------------------------------------------

/// A TIFF block whose only entry is the orientation; `next` is the offset of the following directory.
inline Bytes exif_block(std::uint32_t orientation, bool big = true, std::uint32_t first = 8, std::uint32_t next = 0) {
  return bytes_of(big ? std::string_view("MM\0*", 4) : std::string_view("II*\0", 4)) + number(first, 4, big) +
         number(1, 2, big) + number(0x0112, 2, big) + number(3, 2, big) + number(1, 4, big) +
         number(orientation, 2, big) + number(0, 2, big) + number(next, 4, big);
}
inline Bytes exif_segment(const Bytes& block) { return bytes_of(std::string_view("Exif\0\0", 6)) + block; }

/// An XMP packet as a JPEG segment and as a PNG chunk.
inline Bytes xmp_segment(const Bytes& packet) {
  return bytes_of(std::string_view("http://ns.adobe.com/xap/1.0/\0", 29)) + packet;
}
inline Bytes xmp_chunk(const Bytes& packet) {
  return chunk("iTXt", bytes_of(std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22)) + packet);
}

inline Bytes icc_profile(std::string_view description) {
  Bytes text = bytes_of(std::string_view("desc\0\0\0\0", 8)) + number(description.size() + 1, 4) + description +
               number(0, 1) + number(0, 78);
  text.resize((text.size() + 3) / 4 * 4);
  Bytes header(128);
  std::memcpy(header.data() + 8, "\x02\x40\0\0mntrRGB XYZ ", 16);
  std::memcpy(header.data() + 36, "acsp", 4);
  std::memcpy(header.data() + 68, "\0\0\xF6\xD6\0\1\0\0\0\0\xD3\x2D", 12);  // D50
  Bytes profile = header + number(1, 4) + "desc" + number(144, 4) + number(text.size(), 4) + text;
  const Bytes size = number(profile.size(), 4);
  std::copy(size.begin(), size.end(), profile.begin());
  return profile;
}
inline Bytes icc_segment(const Bytes& profile) {
  return bytes_of(std::string_view("ICC_PROFILE\0\x01\x01", 14)) + profile;
}

}  // namespace duhdr::files
