// SPDX-License-Identifier: Apache-2.0
// BMP, GIF, PSD, TGA, PGM and PPM files made at test time, byte by byte.
#pragma once

#include "tests/support/image_files.h"

namespace duhdr::files {

inline unsigned code_at(const Codes& codes, int x, int y, int c) {
  return codes.data[static_cast<std::size_t>((y * codes.width + x) * codes.channels + c)];
}
/// The code's byte, most significant first, or the code twice for 16 bits: 257 c of 65535 is c of 255.
inline Bytes sample(unsigned code, int bits = 8) { return bits == 16 ? number(257 * code, 2) : number(code, 1); }

/// "P6" or "P5" by the channels.
inline Bytes pnm_file(const Codes& codes, int bits = 8) {
  Bytes out = bytes_of(message(codes.channels == 3 ? "P6" : "P5", "\n# made for a test\n", codes.width, " ",
                               codes.height, "\n", bits == 16 ? 65535 : 255, "\n"));
  for (const unsigned code : codes.data) out = std::move(out) + sample(code, bits);
  return out;
}

// BMP ---------------------------------------------------------------------------------------------------------

inline Bytes bmp_header(std::int64_t width, std::int64_t height, int bits, std::size_t offset, int compression = 0) {
  return bytes_of("BM") + little(0) + little(0) + little(static_cast<std::int64_t>(offset)) + little(40) +
         little(width) + little(height) + little(1, 2) + little(bits, 2) + little(compression) + Bytes(20);
}
/// 24 or 32 bits of 3 or 4 channels; bottom row first unless `top_first`.
inline Bytes bmp_file(const Codes& codes, bool top_first = false) {
  Bytes out = bmp_header(codes.width, top_first ? -codes.height : codes.height, 8 * codes.channels, 54);
  for (int row = 0; row < codes.height; ++row) {
    const int y = top_first ? row : codes.height - 1 - row;
    for (int x = 0; x < codes.width; ++x) {
      for (const int c : {2, 1, 0}) out = std::move(out) + sample(code_at(codes, x, y, c));
      if (codes.channels == 4) out = std::move(out) + sample(code_at(codes, x, y, 3));
    }
    while ((out.size() - 54) % 4 != 0) out.push_back(std::byte{0});
  }
  return out;
}
/// One row of indices of 1, 4 or 8 bits; colour i of the palette is (i + 1, i + 2, i + 3).
inline Bytes indexed_bmp(int bits, int width, int colours, const Bytes& row) {
  const std::size_t offset = 54 + static_cast<std::size_t>(4 * colours);
  Bytes out = bmp_header(width, 1, bits, offset);
  for (int i = 0; i < colours; ++i)
    out = std::move(out) + little(i + 3, 1) + little(i + 2, 1) + little(i + 1, 1) + little(0, 1);
  out = std::move(out) + row;
  while ((out.size() - offset) % 4 != 0) out.push_back(std::byte{0});
  return out;
}

// TGA ---------------------------------------------------------------------------------------------------------

inline Bytes tga_header(int kind, int width, int height, int bits, int flags = 0, int colours = 0) {
  return little(4, 1) + little(colours > 0 ? 1 : 0, 1) + little(kind, 1) + little(0, 2) + little(colours, 2) +
         little(colours > 0 ? 24 : 0, 1) + little(0, 4) + little(width, 2) + little(height, 2) + little(bits, 1) +
         little(flags, 1) + bytes_of("name");
}
/// 1, 3 or 4 channels, with packets of one pixel repeated up to 128 times where `run_lengths`; origin by the flags
/// 0x20 (top row first) and 0x10 (right column first).
inline Bytes tga_file(const Codes& codes, bool run_lengths = false, int flags = 0) {
  const int kind = (codes.channels == 1 ? 3 : 2) + (run_lengths ? 8 : 0);
  Bytes out = tga_header(kind, codes.width, codes.height, 8 * codes.channels, flags);
  std::vector<Bytes> pixels;
  for (int row = 0; row < codes.height; ++row)
    for (int column = 0; column < codes.width; ++column) {
      const int y = (flags & 0x20) != 0 ? row : codes.height - 1 - row;
      const int x = (flags & 0x10) != 0 ? codes.width - 1 - column : column;
      Bytes pixel;
      for (int c = 0; c < codes.channels; ++c)
        pixel = pixel + sample(code_at(codes, x, y, codes.channels >= 3 && c < 3 ? 2 - c : c));
      pixels.push_back(pixel);
    }
  for (std::size_t i = 0; i < pixels.size();) {
    std::size_t run = 1;
    while (run_lengths && run < 128 && i + run < pixels.size() && pixels[i + run] == pixels[i]) ++run;
    if (run_lengths) out = std::move(out) + number(127 + run, 1);
    out = std::move(out) + pixels[i];
    i += run;
  }
  return out;
}

// PSD ---------------------------------------------------------------------------------------------------------

inline Bytes psd_header(std::uint64_t width, std::uint64_t height, int channels = 3, int bits = 8, int mode = 3,
                        unsigned compression = 0) {
  return bytes_of("8BPS") + number(1, 2) + Bytes(6) + number(static_cast<unsigned>(channels), 2) + number(height, 4) +
         number(width, 4) + number(static_cast<unsigned>(bits), 2) + number(static_cast<unsigned>(mode), 2) +
         number(0, 4) + number(5, 4) + "extra" + number(0, 4) + number(compression, 2);
}
/// 3 or 4 channels of 8 or 16 bits, or with run lengths: a literal of each row.
inline Bytes psd_file(const Codes& codes, int bits = 8, bool run_lengths = false) {
  Bytes out = psd_header(static_cast<unsigned>(codes.width), static_cast<unsigned>(codes.height), codes.channels, bits,
                         3, run_lengths ? 1 : 0);
  const auto width = static_cast<unsigned>(codes.width);
  for (int row = 0; run_lengths && row < codes.height * codes.channels; ++row)
    out = std::move(out) + number(width + 1, 2);
  for (int c = 0; c < codes.channels; ++c)
    for (int y = 0; y < codes.height; ++y) {
      if (run_lengths) out = std::move(out) + number(width - 1, 1);
      for (int x = 0; x < codes.width; ++x) out = std::move(out) + sample(code_at(codes, x, y, c), bits);
    }
  return out;
}

// GIF ---------------------------------------------------------------------------------------------------------

/// One grey picture: codes of 9 bits, the table cleared before each, so that none grows.
inline Bytes gif_picture(const Codes& codes) {
  std::vector<unsigned> words;
  for (const unsigned code : codes.data) words.insert(words.end(), {256u, code});
  words.push_back(257);
  Bytes data;
  std::uint32_t bits = 0, count = 0;
  for (const unsigned word : words) {
    bits |= word << count;
    for (count += 9; count >= 8; count -= 8, bits >>= 8) data.push_back(static_cast<std::byte>(bits & 255));
  }
  if (count > 0) data.push_back(static_cast<std::byte>(bits & 255));
  Bytes out =
      number(0x2C, 1) + little(0) + little(codes.width, 2) + little(codes.height, 2) + number(0, 1) + number(8, 1);
  for (std::size_t at = 0; at < data.size(); at += 255) {
    const std::size_t length = std::min<std::size_t>(255, data.size() - at);
    const auto first = data.begin() + static_cast<std::ptrdiff_t>(at);
    out = out + number(length, 1) + Bytes(first, first + static_cast<std::ptrdiff_t>(length));
  }
  return out + number(0, 1);
}
/// Everything before the first picture: a palette of 256 greys, and a comment.
inline Bytes gif_header(int width, int height) {
  Bytes out = bytes_of("GIF89a") + little(width, 2) + little(height, 2) + number(0xF7, 1) + number(0, 2);
  for (unsigned code = 0; code < 256; ++code) out = out + number(code, 1) + number(code, 1) + number(code, 1);
  return out + std::string_view("\x21\xFE\x04test\0", 8);
}
inline Bytes gif_file(const Codes& codes) {
  return gif_header(codes.width, codes.height) + gif_picture(codes) + number(0x3B, 1);
}

}  // namespace duhdr::files
