// SPDX-License-Identifier: Apache-2.0
// PFM, both ways: "PF" (colour) or "Pf" (grey), width, height, scale (negative = little endian), then floats, bottom
// row first.
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
  std::endian order = std::endian::little;
  float scale = 1.0f;
  std::size_t bytes = 0;  // up to the first float
};

/// The word at `position`, which is moved behind the one white-space character that ends it.
std::string_view word(std::string_view text, std::size_t& position, const std::string& name) {
  constexpr std::string_view white = " \t\r\n";
  constexpr std::size_t longest = 40;
  const std::size_t start = text.find_first_not_of(white, position);
  const std::size_t end = start == std::string_view::npos ? start : text.find_first_of(white, start);
  if (end == std::string_view::npos || end - start > longest || start - position > longest)
    refuse(name, "damaged PFM header at byte ", position);
  position = end + 1;
  if (text.substr(end, 2) == "\r\n") ++position;
  return text.substr(start, end - start);
}

template <class Number>
Number number(std::string_view text, const char* what, const std::string& name) {
  Number value{};
  const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || rest != text.data() + text.size())
    refuse(name, "damaged PFM header: impossible ", what, " (", escaped(text), ")");
  return value;
}

Header read_header(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const std::string_view text = ByteView::as_text(bytes);
  Header header;
  header.channels = word(text, header.bytes, name) == "PF" ? 3 : 1;
  const auto width = number<std::uint64_t>(word(text, header.bytes, name), "width", name);
  const auto height = number<std::uint64_t>(word(text, header.bytes, name), "height", name);
  header.scale = number<float>(word(text, header.bytes, name), "scale", name);
  if (!std::isfinite(header.scale) || header.scale == 0.0f)
    refuse(name, "damaged PFM header: impossible scale (", header.scale, ", below or above 0)");
  check_size(name, width, height, limits);
  header.width = static_cast<std::int64_t>(width);
  header.height = static_cast<std::int64_t>(height);
  header.order = header.scale < 0.0f ? std::endian::little : std::endian::big;
  return header;
}

}  // namespace

Image pfm(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const Header header = read_header(bytes, name, limits);
  const ByteView view(bytes.subspan(header.bytes), header.order);
  const auto needed = static_cast<std::uint64_t>(header.width * header.height * header.channels) * sizeof(float);
  if (view.size() < needed)
    refuse(name, "damaged PFM: the file ends too early (", view.size(), " bytes of pixels, ", needed, ")");
  Image image;
  image.referred = Image::Referred::scene;
  image.format = "pfm";
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
  if (std::abs(header.scale) != 1.0f) warn(image, message("the scale ", std::abs(header.scale), " is not applied"));
  warn_trailing(image, view.size() - needed);
  repair_light(image);
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
