// SPDX-License-Identifier: Apache-2.0
// Radiance .hdr reading: RGBE and XYZE, flat, old and new run lengths, every scan order.
//
// A pixel is (mantissa * 2^(exponent - 136)) per channel, and 0 when the exponent is 0.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr::decode {
namespace {

constexpr std::size_t longest_line = 4096;
constexpr std::size_t most_lines = 1000;
using Rgbe = std::array<std::uint8_t, 4>;

/// The numbers of a text that holds nothing else, or nothing.
template <std::size_t N>
std::optional<std::array<float, N>> numbers(std::string_view text) {
  std::array<float, N> found{};
  const char *next = text.data(), *end = next + text.size();
  const auto skip = [&] {
    while (next != end && (*next == ' ' || *next == '\t' || *next == '\r')) ++next;
  };
  for (float& number : found) {
    skip();
    const auto [rest, problem] = std::from_chars(next, end, number);
    if (problem != std::errc() || !std::isfinite(number)) return std::nullopt;
    next = rest;
  }
  skip();
  if (next != end) return std::nullopt;
  return found;
}

class RadianceFile {
 public:
  RadianceFile(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits)
      : bytes_(bytes), name_(name), limits_(limits) {}

  Image read() {
    read_header();
    read_resolution();
    image_.pixels = Tensor({1, height_, width_, 3}, DType::f32);
    read_pixels();
    repair_light(image_);
    warn_trailing(image_, bytes_.size() - position_);
    return std::move(image_);
  }

 private:
  std::string_view line() {
    const std::string_view rest = ByteView::as_text(bytes_.subspan(position_));
    const std::size_t length = rest.substr(0, longest_line).find('\n');
    if (length == std::string_view::npos) {
      if (rest.size() >= longest_line) refuse(name_, "header line too long (more than ", longest_line, " bytes)");
      refuse(name_, "the header has no end (", bytes_.size(), " bytes)");
    }
    position_ += length + 1;
    return rest.substr(0, length > 0 && rest[length - 1] == '\r' ? length - 1 : length);
  }

  void read_header() {
    line();  // "#?RADIANCE", "#?RGBE", ...
    for (std::size_t count = 0;; ++count) {
      if (count == most_lines) refuse(name_, "too many header lines (more than ", most_lines, ")");
      const std::string_view text = line();
      if (text.empty()) return;
      const std::size_t equals = text.find('=');
      if (text[0] != '#' && equals != std::string_view::npos)
        read_variable(text.substr(0, equals), text.substr(equals + 1));
    }
  }

  void read_variable(std::string_view key, std::string_view value) {
    if (key == "FORMAT") {
      const std::string_view format = value.substr(0, value.find_last_not_of(" \t") + 1);
      xyz_ = format == "32-bit_rle_xyze";
      if (!xyz_ && format != "32-bit_rle_rgbe")
        refuse(name_, "unknown pixel format (", escaped(value, 60), ", 32-bit_rle_rgbe or 32-bit_rle_xyze)");
    } else if (key == "EXPOSURE") {
      const auto factor = numbers<1>(value);
      if (!factor || (*factor)[0] <= 0.0f) refuse(name_, "impossible EXPOSURE (", escaped(value, 60), ", above 0)");
      for (float& scale : scale_) scale /= (*factor)[0];
    } else if (key == "COLORCORR") {
      const auto factors = numbers<3>(value);
      for (std::size_t c = 0; c < 3; ++c) {
        if (!factors || (*factors)[c] <= 0.0f)
          refuse(name_, "impossible COLORCORR (", escaped(value, 60), ", above 0)");
        scale_[c] /= (*factors)[c];
      }
    } else if (key == "PRIMARIES") {
      const auto p = numbers<8>(value);
      if (!p) refuse(name_, "impossible PRIMARIES (", escaped(value, 100), ", 8 numbers)");
      image_.chromaticities = {(*p)[0], (*p)[1], (*p)[2], (*p)[3], (*p)[4], (*p)[5], (*p)[6], (*p)[7]};
      if (!is_rec709(*image_.chromaticities))
        warn(image_, "primaries are not those of Rec. 709; values used as they are");
    }
  }

  /// "-Y 480 +X 640": the slow axis first.
  void read_resolution() {
    const std::string_view text = line();
    std::array<std::uint64_t, 2> extent{};
    const char *next = text.data(), *end = next + text.size();
    for (std::size_t axis = 0; axis < 2; ++axis) {
      while (next != end && *next == ' ') ++next;
      if (end - next < 4 || (next[0] != '-' && next[0] != '+') || (next[1] != 'X' && next[1] != 'Y') || next[2] != ' ')
        refuse_resolution(text);
      (next[1] == 'X' ? from_right_ : from_bottom_) = next[0] == (next[1] == 'X' ? '-' : '+');
      if (axis == 0) columns_first_ = next[1] == 'X';
      if (axis == 1 && (next[1] == 'X') == columns_first_) refuse_resolution(text);
      for (next += 3; next != end && *next == ' ';) ++next;
      const auto [rest, problem] = std::from_chars(next, end, extent[axis]);
      if (problem != std::errc()) refuse_resolution(text);
      next = rest;
    }
    while (next != end && *next == ' ') ++next;
    if (next != end) refuse_resolution(text);
    check_size(name_, extent[columns_first_ ? 0 : 1], extent[columns_first_ ? 1 : 0], limits_);
    slow_ = static_cast<std::int64_t>(extent[0]);
    fast_ = static_cast<std::int64_t>(extent[1]);
    width_ = columns_first_ ? slow_ : fast_;
    height_ = columns_first_ ? fast_ : slow_;
    if (extent[0] > (bytes_.size() - position_) / sizeof(Rgbe)) refuse_cut();
  }

  [[noreturn]] void refuse_resolution(std::string_view text) const {
    refuse(name_, "no resolution line after the header (\"", escaped(text, 60), "\", \"-Y 480 +X 640\")");
  }
  [[noreturn]] void refuse_cut() const {
    refuse(name_, "damaged HDR: the file ends too early (", bytes_.size(), " bytes)");
  }

  std::uint8_t byte() {
    if (position_ == bytes_.size()) refuse_cut();
    return std::to_integer<std::uint8_t>(bytes_[position_++]);
  }
  Rgbe pixel() {
    Rgbe found{};
    for (auto& part : found) part = byte();
    return found;
  }

  void read_pixels() {
    std::vector<Rgbe> row(static_cast<std::size_t>(fast_));
    float* out = image_.pixels.mutable_data<float>();
    for (std::int64_t slow = 0; slow < slow_; ++slow) {
      read_row(row);
      for (std::int64_t fast = 0; fast < fast_; ++fast) {
        const std::int64_t x = columns_first_ ? slow : fast, y = columns_first_ ? fast : slow;
        const std::int64_t column = from_right_ ? width_ - 1 - x : x, line_number = from_bottom_ ? height_ - 1 - y : y;
        convert(row[static_cast<std::size_t>(fast)], out + (line_number * width_ + column) * 3);
      }
    }
  }

  void read_row(std::vector<Rgbe>& row) {
    constexpr std::int64_t shortest = 8, longest = 32767;  // rows that new run lengths may hold
    const Rgbe first = pixel();
    if (fast_ < shortest || fast_ > longest || first[0] != 2 || first[1] != 2 || first[2] > 127)
      return read_old_row(first, row);
    if (first[2] * 256 + first[3] != fast_)
      refuse(name_, "damaged HDR: wrong row length (", first[2] * 256 + first[3], ", ", fast_, ")");
    for (std::size_t channel = 0; channel < 4; ++channel) {
      for (std::size_t x = 0; x < row.size();) {
        const std::uint8_t code = byte();
        const bool run = code > 128;
        const std::size_t count = run ? code - 128u : code;
        if (count == 0 || count > row.size() - x)
          refuse(name_, "damaged HDR: a run longer than the row (", count, ", ", row.size() - x, ")");
        std::uint8_t value = run ? byte() : std::uint8_t{0};
        for (const std::size_t end = x + count; x < end; ++x) row[x][channel] = run ? value : value = byte();
      }
    }
  }

  /// Flat pixels; (1, 1, 1, n) repeats the last one n << shift times, where adjoining repeats shift by 8 more.
  void read_old_row(Rgbe next, std::vector<Rgbe>& row) {
    unsigned shift = 0;
    for (std::size_t x = 0;;) {
      if (next[0] == 1 && next[1] == 1 && next[2] == 1) {
        const std::uint64_t count = shift > 24 ? UINT64_MAX : std::uint64_t{next[3]} << shift;
        if (x == 0 || count > row.size() - x)
          refuse(name_, "damaged HDR: a run longer than the row (", count, ", ", x == 0 ? 0 : row.size() - x, ")");
        for (const std::size_t end = x + static_cast<std::size_t>(count); x < end; ++x) row[x] = row[x - 1];
        shift += 8;
      } else {
        row[x++] = next;
        shift = 0;
      }
      if (x == row.size()) return;
      next = pixel();
    }
  }

  void convert(const Rgbe& code, float* rgb) const {
    const float unit = code[3] == 0 ? 0.0f : std::ldexp(1.0f, code[3] - 136);
    const std::array<float, 3> v{static_cast<float>(code[0]) * unit * scale_[0],
                                 static_cast<float>(code[1]) * unit * scale_[1],
                                 static_cast<float>(code[2]) * unit * scale_[2]};
    if (!xyz_) {
      std::ranges::copy(v, rgb);
      return;
    }
    rgb[0] = 3.2404542f * v[0] - 1.5371385f * v[1] - 0.4985314f * v[2];  // CIE XYZ to Rec. 709, D65
    rgb[1] = -0.9692660f * v[0] + 1.8760108f * v[1] + 0.0415560f * v[2];
    rgb[2] = 0.0556434f * v[0] - 0.2040259f * v[1] + 1.0572252f * v[2];
  }

  std::span<const std::byte> bytes_;
  const std::string& name_;
  const ReadLimits& limits_;
  Image image_;
  std::size_t position_ = 0;
  bool xyz_ = false, columns_first_ = false, from_right_ = false, from_bottom_ = false;
  std::int64_t slow_ = 0, fast_ = 0, width_ = 0, height_ = 0;
  std::array<float, 3> scale_{1.0f, 1.0f, 1.0f};
};

}  // namespace

Image radiance(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  return RadianceFile(bytes, name, limits).read();
}

}  // namespace duhdr::decode
