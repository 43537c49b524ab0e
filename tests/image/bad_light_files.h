// SPDX-License-Identifier: Apache-2.0
// Rows of the table of image_bad_test.cpp: Radiance and PFM.
#pragma once

#include "tests/support/image_files.h"

namespace duhdr::files {

inline std::vector<BadFile> bad_hdr_and_pfm_files() {
  const auto hdr = [](std::string_view text, const Bytes& data = Bytes(400)) {
    return bytes_of("#?RADIANCE\n") + text + data;
  };
  const Bytes row = bytes_of(std::string_view("\2\2\0\x10", 4));  // of 16 pixels, new run lengths
  const std::string_view sixteen = "\n-Y 1 +X 16\n";
  return {
      {"hdr 999999999 squared", "hdr", hdr("\n-Y 999999999 +X 999999999\n"),
       "image side too long (999999999 x 999999999"},
      {"hdr 10^30 wide", "hdr", hdr("\n-Y 1 +X 1000000000000000000000000000000\n"), "no resolution line"},
      {"hdr line of 1 MB", "hdr", hdr(std::string(1 << 20, 'x')), "header line too long"},
      {"hdr no blank line", "hdr", hdr("FORMAT=32-bit_rle_rgbe\n-Y 1 +X 1\n", Bytes(4, std::byte{'x'})),
       "the header has no end"},
      {"hdr endless header", "hdr", hdr([] {
         std::string t;
         for (int i = 0; i < 2000; ++i) t += "a=b\n";
         return t;
       }()),
       "too many header lines"},
      {"hdr no resolution", "hdr", hdr("\nhello\x1B\n"), "no resolution line after the header (\"hello\\x1b\""},
      {"hdr Y twice", "hdr", hdr("\n-Y 4 -Y 4\n"), "no resolution line"},
      {"hdr negative width", "hdr", hdr("\n-Y 4 +X -4\n"), "no resolution line"},
      {"hdr text behind the resolution", "hdr", hdr("\n-Y 4 +X 4 x\n"), "no resolution line"},
      {"hdr width 0", "hdr", hdr("\n-Y 4 +X 0\n"), "empty image (0 x 4"},
      {"hdr unknown format", "hdr", hdr("FORMAT=ascii\n\n-Y 1 +X 1\n"), "unknown pixel format (ascii"},
      {"hdr exposure 0", "hdr", hdr("EXPOSURE=0\n\n-Y 1 +X 1\n"), "impossible EXPOSURE (0, above 0)"},
      {"hdr exposure nan", "hdr", hdr("EXPOSURE=nan\n\n-Y 1 +X 1\n"), "impossible EXPOSURE"},
      {"hdr exposure text", "hdr", hdr("EXPOSURE=1,5\n\n-Y 1 +X 1\n"), "impossible EXPOSURE"},
      {"hdr colour correction", "hdr", hdr("COLORCORR=1 2\n\n-Y 1 +X 1\n"), "impossible COLORCORR"},
      {"hdr primaries", "hdr", hdr("PRIMARIES=1 2 3\n\n-Y 1 +X 1\n"), "impossible PRIMARIES"},
      {"hdr run longer than the row", "hdr", hdr(sixteen, row + number(128 + 17, 1) + Bytes(100)),
       "a run longer than the row (17, 16)"},
      {"hdr literal longer than the row", "hdr", hdr(sixteen, row + number(17, 1) + Bytes(100)),
       "a run longer than the row (17, 16)"},
      {"hdr run of 0", "hdr", hdr(sixteen, row + Bytes(100)), "a run longer than the row (0, 16)"},
      {"hdr wrong row length", "hdr", hdr("\n-Y 1 +X 17\n", row + Bytes(100)), "wrong row length (16, 17)"},
      {"hdr old run longer than the row", "hdr",
       hdr("\n-Y 1 +X 4\n", number(0x80808081, 4) + number(0x01010104, 4) + Bytes(20)),
       "a run longer than the row (4, 3)"},
      {"hdr old run before any pixel", "hdr", hdr("\n-Y 1 +X 4\n", number(0x01010101, 4) + Bytes(20)),
       "a run longer than the row (1, 0)"},
      {"hdr old runs that shift out", "hdr",
       hdr("\n-Y 1 +X 4\n", number(0x80808081, 4) + number(0x01010100, 4) + number(0x01010100, 4) +
                                number(0x01010100, 4) + number(0x01010100, 4) + number(0x01010101, 4)),
       "a run longer than the row"},
      {"hdr cut", "hdr", hdr("\n-Y 20 +X 10\n", Bytes(700)), "the file ends too early"},
      {"hdr cut before the rows", "hdr", hdr("\n-Y 20 +X 10\n", Bytes(70)), "the file ends too early"},
      {"pfm header cut", "pfm", bytes_of("PF\n100000000000"), "damaged header"},
      {"pfm width 0", "pfm", bytes_of("PF\n0 5\n-1.0\n    "), "empty image (0 x 5"},
      {"pfm negative width", "pfm", bytes_of("PF\n-4 5\n-1.0\n    "), "impossible width (-4)"},
      {"pfm width 2^70", "pfm", bytes_of("PF\n1180591620717411303424 5\n-1.0\n"), "impossible width"},
      {"pfm too large", "pfm", bytes_of("PF\n40000 40000\n-1.0\n    "), "too many pixels (40000 x 40000"},
      {"pfm scale 0", "pfm", bytes_of("PF\n1 1\n0\n            "), "impossible scale (0"},
      {"pfm scale nan", "pfm", bytes_of("PF\n1 1\nnan\n            "), "impossible scale"},
      {"pfm scale text", "pfm", bytes_of("PF\n1 1\n-1.0x\n            "), "impossible scale (-1.0x)"},
      {"pfm cut", "pfm", bytes_of("PF\n2 2\n-1.0\n") + Bytes(47), "the file ends too early (47 bytes of pixels, 48)"},
  };
}

}  // namespace duhdr::files
