// SPDX-License-Identifier: Apache-2.0
// Radiance .hdr writing.
#include <algorithm>
#include <array>
#include <cmath>

#include "image/bytes.h"
#include "image/encode.h"

namespace duhdr {
namespace {

using Rgbe = std::array<std::uint8_t, 4>;

/// Shared exponent, mantissas rounded to nearest: value = mantissa * 2^(exponent - 136).
Rgbe rgbe(const float* rgb) {
  const float largest = std::max({rgb[0], rgb[1], rgb[2]});
  int exponent = 0;
  std::frexp(largest, &exponent);                               // largest = f * 2^exponent, f in [0.5, 1)
  if (std::ldexp(largest, 8 - exponent) >= 255.5f) ++exponent;  // would round to 256
  constexpr int bias = 128, highest = 127, lowest = -127;
  if (largest <= 0.0f || exponent < lowest) return {};
  exponent = std::min(exponent, highest);
  Rgbe code{0, 0, 0, static_cast<std::uint8_t>(exponent + bias)};
  for (std::size_t c = 0; c < 3; ++c)
    code[c] = static_cast<std::uint8_t>(std::min(std::nearbyint(std::ldexp(rgb[c], 8 - exponent)), 255.0f));
  return code;
}

/// One channel of a row as runs (128 + count, value) and literals (count, values).
void append_channel(Bytes& out, const std::vector<Rgbe>& row, std::size_t channel) {
  constexpr std::size_t longest_run = 127, longest_literal = 128, worthwhile = 4;
  const auto run_at = [&](std::size_t x) {
    std::size_t count = 1;
    while (x + count < row.size() && count < longest_run && row[x + count][channel] == row[x][channel]) ++count;
    return count;
  };
  for (std::size_t x = 0; x < row.size();) {
    std::size_t literal = 0, run = 0;
    while (x + literal < row.size() && literal < longest_literal && (run = run_at(x + literal)) < worthwhile) ++literal;
    if (literal > 0) append_byte(out, static_cast<std::uint32_t>(literal));
    for (const std::size_t end = x + literal; x < end; ++x) append_byte(out, row[x][channel]);
    if (x < row.size() && run >= worthwhile) {
      append_byte(out, static_cast<std::uint32_t>(128 + run));
      append_byte(out, row[x][channel]);
      x += run;
    }
  }
}

}  // namespace

Bytes encode_hdr(const Tensor& pixels, const std::map<std::string, std::string>& attributes,
                 const Chromaticities& primaries) {
  check_light(pixels);
  const std::int64_t height = pixels.shape().h(), width = pixels.shape().w();
  Bytes out;
  append(out, "#?RADIANCE\n");
  for (const auto& [name, text] : attributes) append(out, escaped(name) + "=" + escaped(text, 2000) + "\n");
  const Chromaticities& c = primaries;
  append(out, message("PRIMARIES=", c.red_x, " ", c.red_y, " ", c.green_x, " ", c.green_y, " ", c.blue_x, " ", c.blue_y,
                      " ", c.white_x, " ", c.white_y, "\nFORMAT=32-bit_rle_rgbe\n\n"));
  append(out, message("-Y ", height, " +X ", width, "\n"));
  const float* value = pixels.data<float>();
  std::vector<Rgbe> row(static_cast<std::size_t>(width));
  for (std::int64_t y = 0; y < height; ++y) {
    for (Rgbe& code : row) {
      code = rgbe(value);
      value += 3;
    }
    constexpr std::int64_t shortest = 8, longest = 32767;  // of a row with run lengths
    if (width < shortest || width > longest) {
      for (const Rgbe& code : row)
        for (const std::uint8_t part : code) append_byte(out, part);
      continue;
    }
    for (const std::int64_t part : {std::int64_t{2}, std::int64_t{2}, width >> 8, width & 255})
      append_byte(out, static_cast<std::uint32_t>(part));
    for (std::size_t channel = 0; channel < 4; ++channel) append_channel(out, row, channel);
  }
  return out;
}

}  // namespace duhdr
