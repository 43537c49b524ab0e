// SPDX-License-Identifier: Apache-2.0
// The Netpbm family: a text header, then samples. PFM, both ways: "PF" (colour) or "Pf" (grey), width, height, scale
// (negative = little endian), floats, bottom row first. PPM and PGM, reading: "P6" (colour) or "P5" (grey), width,
// height, largest code, codes of one byte or of two (big endian), top row first.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "image/bytes.h"
#include "image/decode.h"
#include "image/encode.h"

namespace duhdr {
namespace decode {
namespace {

struct Header {
  std::int64_t width = 0, height = 0, channels = 0;
  std::string_view last;  // scale, or largest code
  std::size_t bytes = 0;  // up to the first sample
};

/// The word at `position`, which is moved behind the one white-space character that ends it. Comments, "#" to the end
/// of the line, may stand before it.
std::string_view word(std::string_view text, std::size_t& position, const std::string& name) {
  constexpr std::string_view white = " \t\r\n";
  constexpr std::size_t longest = 40, longest_comments = 4096;
  const std::size_t first = position;
  std::size_t start = text.find_first_not_of(white, position);
  while (start != std::string_view::npos && text[start] == '#')
    start = text.find_first_not_of(white, std::min(text.find('\n', start), text.size()));
  const std::size_t end = start == std::string_view::npos ? start : text.find_first_of(white, start);
  if (end == std::string_view::npos || end - start > longest || start - first > longest_comments)
    refuse(name, "damaged header at byte ", position);
  position = end + 1;
  if (text.substr(end, 2) == "\r\n") ++position;
  return text.substr(start, end - start);
}

template <class Number>
Number number(std::string_view text, const char* what, const std::string& name) {
  Number value{};
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || rest != text.data() + text.size())
    refuse(name, "damaged header: impossible ", what, " (", escaped(text), ")");
  return value;
}

Header read_header(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const std::string_view text = ByteView::as_text(bytes);
  Header header;
  const std::string_view kind = word(text, header.bytes, name);
  header.channels = kind == "PF" || kind == "P6" ? 3 : 1;
  const auto width = number<std::uint64_t>(word(text, header.bytes, name), "width", name);
  const auto height = number<std::uint64_t>(word(text, header.bytes, name), "height", name);
  header.last = word(text, header.bytes, name);
  check_size(name, width, height, limits);
  header.width = static_cast<std::int64_t>(width);
  header.height = static_cast<std::int64_t>(height);
  return header;
}

/// The samples behind the header. Refuses a file that holds too few bytes of them.
std::span<const std::byte> samples_of(std::span<const std::byte> bytes, const Header& header, std::size_t sample_bytes,
                                      const char* title, const std::string& name) {
  const auto needed = static_cast<std::uint64_t>(header.width * header.height * header.channels) * sample_bytes;
  const std::uint64_t found = bytes.size() - header.bytes;
  if (found < needed)
    refuse(name, "damaged ", title, ": the file ends too early (", found, " bytes of pixels, ", needed, ")");
  return bytes.subspan(header.bytes, static_cast<std::size_t>(needed));
}

}  // namespace

Image pfm(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const Header header = read_header(bytes, name, limits);
  const auto scale = number<float>(header.last, "scale", name);
  if (!std::isfinite(scale) || scale == 0.0f)
    refuse(name, "damaged header: impossible scale (", scale, ", below or above 0)");
  const std::span samples = samples_of(bytes, header, sizeof(float), "PFM", name);
  const ByteView view(samples, scale < 0.0f ? std::endian::little : std::endian::big);
  Image image;
  image.pixels = Tensor({1, header.height, header.width, 3}, DType::f32);
  float* out = image.pixels.mutable_data<float>();
  std::uint64_t offset = 0;
  for (std::int64_t y = header.height - 1; y >= 0; --y) {
    float* to = out + y * header.width * 3;
    for (std::int64_t x = 0; x < header.width; ++x, to += 3)
      for (std::int64_t c = 0; c < 3; ++c) {
        to[c] = c < header.channels ? std::bit_cast<float>(view.u32(offset).value()) : to[0];
        if (c < header.channels) offset += sizeof(float);
      }
  }
  if (std::abs(scale) != 1.0f) warn(image, message("the scale ", std::abs(scale), " is not applied"));
  warn_trailing(image, bytes.size() - header.bytes - samples.size());
  repair_light(image);
  return image;
}

Image pnm(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const Header header = read_header(bytes, name, limits);
  const auto largest = number<std::uint32_t>(header.last, "largest code", name);
  if (largest < 1 || largest > 65535)
    refuse(name, "damaged header: impossible largest code (", largest, ", 1 to 65535)");
  const std::size_t sample_bytes = largest > 255 ? 2 : 1;
  const std::span samples = samples_of(bytes, header, sample_bytes, "PNM", name);
  Image image;
  image.pixels = Tensor({1, header.height, header.width, 3}, DType::f32);
  float* to = image.pixels.mutable_data<float>();
  const std::byte* from = samples.data();
  std::int64_t above = 0;
  for (std::int64_t pixel = 0; pixel < header.width * header.height; ++pixel, to += 3)
    for (std::int64_t c = 0; c < 3; ++c) {
      if (c == header.channels) {
        to[1] = to[2] = to[0];
        break;
      }
      auto code = std::to_integer<std::uint32_t>(*from++);
      if (sample_bytes == 2) code = code << 8 | std::to_integer<std::uint32_t>(*from++);
      above += code > largest ? 1 : 0;
      to[c] = static_cast<float>(std::min(code, largest)) / static_cast<float>(largest);
    }
  if (above > 0) warn(image, message(above, " codes above the largest (", largest, ") taken as it"));
  warn_trailing(image, bytes.size() - header.bytes - samples.size());
  return image;
}

}  // namespace decode

Bytes encode_pfm(const Tensor& pixels) {
  check_light(pixels);
  const std::int64_t height = pixels.shape().h(), width = pixels.shape().w();
  Bytes out;
  append(out, message("PF\n", width, " ", height, "\n-1.0\n"));
  out.reserve(out.size() + pixels.bytes());
  const float* value = pixels.data<float>();
  for (std::int64_t y = height - 1; y >= 0; --y)
    for (std::int64_t i = 0; i < width * 3; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(value[y * width * 3 + i]);
      for (unsigned shift = 0; shift < 32; shift += 8) append_byte(out, bits >> shift);
    }
  return out;
}

}  // namespace duhdr
