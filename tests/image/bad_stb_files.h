// SPDX-License-Identifier: Apache-2.0
// Rows of the table of image_bad_test.cpp: BMP, GIF, PSD, TGA, PGM and PPM.
#pragma once

#include "tests/support/image_stb_files.h"

namespace duhdr::files {

inline std::vector<BadFile> bad_bmp_files() {
  const Bytes good = bmp_file(pattern(40, 30));
  const auto header = [](std::int64_t width, std::int64_t height, int bits, std::size_t offset = 54, int kind = 0) {
    return bmp_header(width, height, bits, offset, kind) + Bytes(400);
  };
  return {
      {"bmp text", "bmp", bytes_of("BM...................."), "unsupported BMP (a header of"},
      {"bmp cut in its header", "bmp", cut(good, 25), "the file ends in its header"},
      {"bmp cut in its pixels", "bmp", cut(good, 2000),
       "damaged BMP: the file ends too early (2000 bytes, at least 3654)"},
      {"bmp width 0", "bmp", header(0, 30, 24), "empty image (0 x 30"},
      {"bmp width below 0", "bmp", header(-1, 30, 24), "empty image (-1 x 30"},
      {"bmp height -2^31", "bmp", header(40, -2147483648LL, 24), "image side too long (40 x 2147483648"},
      {"bmp 2^31-1 squared", "bmp", header(0x7FFFFFFF, 0x7FFFFFFF, 32), "image side too long"},
      {"bmp 16000 squared in 1 KB", "bmp", header(16000, 16000, 24), "the file ends too early"},
      {"bmp pixels behind the end", "bmp", header(4, 4, 24, 0xFFFFFFFF), "the file ends too early"},
      {"bmp run lengths", "bmp", header(4, 4, 8, 54, 1), "unsupported BMP (compression 1, 0 or 3)"},
      {"bmp 5 bits", "bmp", header(4, 4, 5), "unsupported BMP (5 bits per pixel"},
      {"bmp equal masks", "bmp", header(4, 4, 32, 66, 3), "damaged or unsupported BMP: bad BMP"},
      {"bmp no palette", "bmp", header(4, 4, 8), "damaged BMP: impossible palette (pixels at byte 54)"},
      {"bmp palette of 300", "bmp", header(4, 4, 8, 54 + 1200) + Bytes(1200), "impossible palette"},
      {"bmp palette that begins late", "bmp", header(4, 4, 4, 20), "impossible palette"},
      {"bmp index of 8 bits", "bmp", indexed_bmp(8, 4, 3, number(0x00010203, 4)),
       "palette index out of range (the palette has 3 colours)"},
      {"bmp index of 4 bits", "bmp", indexed_bmp(4, 3, 3, number(0x0130, 2)), "palette index out of range"},
      {"bmp index of 1 bit", "bmp", indexed_bmp(1, 9, 1, number(0x0080, 2)), "palette index out of range"},
  };
}

inline std::vector<BadFile> bad_gif_and_psd_files() {
  const Bytes gif = gif_file(pattern(20, 15, 1)), psd = psd_file(pattern(20, 15));
  const Bytes frame = gif_header(20, 15) + number(0x2C, 1);
  constexpr std::string_view gif_end("\0\x3B", 2);
  return {
      {"gif header alone", "gif", bytes_of("GIF89a............"), "damaged GIF: the file ends too early"},
      {"gif width 0", "gif", with_byte(gif, 6, 0), "empty image (0 x 15"},
      {"gif 65535 squared", "gif", gif_header(65535, 65535), "too many pixels (65535 x 65535"},
      {"gif 16000 squared in 1 KB", "gif", gif_header(16000, 16000) + gif_picture(pattern(1, 1, 1)), "ends too early"},
      {"gif cut in its palette", "gif", cut(gif, 300), "the file ends too early"},
      {"gif cut in its data", "gif", cut(gif, gif.size() - 100), "the file ends too early"},
      {"gif no picture", "gif", gif_header(20, 15) + number(0x3B, 1), "damaged or unsupported GIF"},
      {"gif unknown block", "gif", gif_header(20, 15) + number(0x99, 1) + Bytes(9),
       "damaged or unsupported GIF: unknown"},
      {"gif picture outside", "gif", frame + little(1, 2) + little(0, 2) + little(20, 2) + little(15, 2) + Bytes(9),
       "damaged or unsupported GIF: bad Image Descriptor"},
      {"gif no palette", "gif", with_byte(cut(gif, 13), 10, 0) + Bytes(gif.begin() + 789, gif.end()),
       "damaged or unsupported GIF: missing color table"},
      {"gif code of 13 bits", "gif",
       frame + little(0, 4) + little(20, 2) + little(15, 2) + number(0, 1) + number(13, 1) + gif_end,
       "damaged or unsupported GIF"},
      {"gif code that is not there", "gif",
       frame + little(0, 4) + little(20, 2) + little(15, 2) + number(0, 1) + number(8, 1) + number(3, 1) +
           number(0x00FFFF, 3) + gif_end,
       "damaged or unsupported GIF: illegal code"},
      {"psd version 2", "psd", with_byte(psd, 5, 2), "not a supported image"},
      {"psd width 0", "psd", psd_header(0, 15), "empty image (0 x 15"},
      {"psd 2^32-1 squared", "psd", psd_header(0xFFFFFFFF, 0xFFFFFFFF), "image side too long"},
      {"psd 16000 squared in 1 KB", "psd", psd_header(16000, 16000) + Bytes(900), "the file ends too early"},
      {"psd run lengths of 16000 squared", "psd", psd_header(16000, 16000, 3, 8, 3, 1) + Bytes(900), "ends too early"},
      {"psd cut in its header", "psd", cut(psd, 28), "the file ends in its header"},
      {"psd cut in its pixels", "psd", cut(psd, psd.size() - 1), "the file ends too early"},
      {"psd CMYK", "psd", psd_header(4, 4, 4, 8, 4) + Bytes(99), "unsupported PSD (colour mode 4"},
      {"psd 2 channels", "psd", psd_header(4, 4, 2) + Bytes(99), "unsupported PSD (2 channels"},
      {"psd 17 channels", "psd", psd_header(4, 4, 17) + Bytes(999), "unsupported PSD (17 channels"},
      {"psd 32 bits", "psd", psd_header(4, 4, 3, 32) + Bytes(999), "unsupported PSD (32 bits"},
      {"psd compression 2", "psd", psd_header(4, 4, 3, 8, 3, 2) + Bytes(99), "unsupported PSD (compression 2"},
      {"psd run lengths of 16 bits", "psd", psd_header(4, 4, 3, 16, 3, 1) + Bytes(99), "16 bits per sample with run"},
      {"psd resources behind the end", "psd", with_byte(psd, 30, 0xFF), "resources reach behind the end"},
      {"psd run longer than the picture", "psd",
       psd_header(4, 4, 3, 8, 3, 1) + Bytes(24) + number(0x82AA82AA, 4) + Bytes(99),
       "damaged or unsupported PSD: corrupt"},
  };
}

inline std::vector<BadFile> bad_tga_and_pnm_files() {
  const Bytes tga = tga_file(pattern(20, 15)), runs = tga_file(pattern(20, 15), true), png = png_file(pattern(20, 15));
  const std::string unknown = "not a supported image: ";
  const auto header = [](int kind, int bits, int colours = 0) {
    return tga_header(kind, 4, 4, bits, 0, colours) + Bytes(99);
  };
  return {
      {"tga of no name", "", tga, unknown},
      {"tga named png", "png", tga, unknown},
      {"text named tga", "tga", bytes_of("this is only text, nothing else\n"), unknown},
      {"zeros named tga", "tga", Bytes(1000), unknown},
      {"damaged png named tga", "tga", with_byte(png, 0, 0), unknown},
      {"damaged jpeg named tga", "tga", with_byte(jpeg_file(pattern(20, 15)), 0, 0), unknown},
      {"png named tga", "tga", cut(png, 60), "damaged PNG"},
      {"tga width 0", "tga", with_byte(tga, 12, 0), unknown},
      {"tga kind 4", "tga", header(4, 24), unknown},
      {"tga 23 bits", "tga", header(2, 23), unknown},
      {"tga indices without a palette", "tga", header(1, 8), unknown},
      {"tga unused flags", "tga", with_byte(tga, 17, 0xC0), unknown},
      {"tga header alone", "tga", cut(tga, 18), "damaged TGA: the file ends too early (18 bytes, at least 922)"},
      {"tga palette beside colours", "tga", header(2, 24, 2), "unsupported TGA (a palette beside colours)"},
      {"tga palette that begins at 7", "tga", with_byte(header(1, 8, 2), 3, 7), "a palette that begins at 7"},
      {"tga cut", "tga", cut(tga, tga.size() - 1), "the file ends too early"},
      {"tga run lengths cut", "tga", cut(runs, runs.size() - 1), "the file ends too early"},
      {"tga 65535 squared", "tga", tga_header(2, 65535, 65535, 24) + Bytes(99), "too many pixels (65535 x 65535"},
      {"tga run lengths of 16000 squared", "tga", tga_header(10, 16000, 16000, 24) + Bytes(99),
       "the file ends too early"},
      {"pnm header cut", "ppm", bytes_of("P6\n100000000000"), "damaged header"},
      {"pnm endless comment", "ppm", bytes_of("P6\n#" + std::string(9000, 'x')), "damaged header"},
      {"pnm width 0", "ppm", bytes_of("P6\n0 5\n255\n    "), "empty image (0 x 5"},
      {"pnm negative width", "pgm", bytes_of("P5\n-4 5\n255\n    "), "impossible width (-4)"},
      {"pnm width 2^70", "pgm", bytes_of("P5\n1180591620717411303424 5\n255\n"), "impossible width"},
      {"pnm too large", "pgm", bytes_of("P5\n40000 40000\n255\n    "), "too many pixels (40000 x 40000"},
      {"pnm largest code 0", "pgm", bytes_of("P5\n1 1\n0\n    "), "impossible largest code (0, 1 to 65535)"},
      {"pnm largest code 65536", "pgm", bytes_of("P5\n1 1\n65536\n    "), "impossible largest code (65536"},
      {"pnm cut", "ppm", bytes_of("P6\n2 2\n255\n") + Bytes(11), "the file ends too early (11 bytes of pixels, 12)"},
      {"pnm of 16 bits cut", "pgm", bytes_of("P5\n2 2\n256\n") + Bytes(7),
       "the file ends too early (7 bytes of pixels, 8)"},
      {"pnm as text", "ppm", bytes_of("P3\n1 1\n255\n1 2 3\n"), "not a supported image (PNM as text"},
  };
}

}  // namespace duhdr::files
