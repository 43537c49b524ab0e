// SPDX-License-Identifier: Apache-2.0
#include "image/xmp.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.h"
#include "image/bytes.h"

namespace duhdr {
namespace {

constexpr std::string_view white = " \t\r\n";

std::string_view without_leading_white(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(white), text.size()));
}

/// The value behind the property's name: ="6" or ='6' or >6<; nothing when no value follows.
std::optional<std::string_view> value_behind(std::string_view text) {
  text = without_leading_white(text);
  char end = '<';
  if (text.starts_with('=')) {
    text = without_leading_white(text.substr(1));
    if (!text.starts_with('"') && !text.starts_with('\'')) return std::nullopt;
    end = text.front();
  } else if (!text.starts_with('>')) {
    return std::nullopt;
  }
  text = without_leading_white(text.substr(1));
  const std::size_t length = text.find(end);
  if (length == std::string_view::npos) return std::nullopt;
  text = text.substr(0, length);
  return text.substr(0, text.find_last_not_of(white) + 1);
}

/// 1..8, or nothing.
std::optional<int> orientation_number(std::string_view value) {
  int number = 0;
  const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || rest != value.data() + value.size() || number < 1 || number > 8) return std::nullopt;
  return number;
}

/// The values of the property, in their order.
std::vector<std::string_view> orientations(std::string_view text) {
  constexpr std::string_view property = "tiff:Orientation";
  std::vector<std::string_view> values;
  for (std::size_t at = text.find(property); at != std::string_view::npos; at = text.find(property, at + 1))
    if (const auto value = value_behind(text.substr(at + property.size()))) values.push_back(*value);
  return values;
}

}  // namespace

Orientation xmp_orientation(std::span<const std::byte> packet) {
  const auto values = orientations(ByteView::as_text(packet));
  if (values.empty()) return {};
  if (const auto number = orientation_number(values.front())) return {.value = *number, .stated = true};
  return {.problem = message("orientation out of range (", escaped(values.front(), 20), ", 1 to 8)")};
}

Bytes upright_xmp(std::span<const std::byte> packet) {
  Bytes out(packet.begin(), packet.end());
  const std::string_view text = ByteView::as_text(packet);
  for (const std::string_view value : orientations(text))
    if (orientation_number(value)) {
      const auto at = static_cast<std::size_t>(value.data() - text.data());
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), value.size(), std::byte{'0'});
      out[at + value.size() - 1] = std::byte{'1'};
    }
  return out;
}

}  // namespace duhdr
