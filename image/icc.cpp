// SPDX-License-Identifier: Apache-2.0
#include "image/icc.h"

#include "image/bytes.h"

namespace duhdr {
namespace {

/// Text of a 'desc' (ICC 2) or 'mluc' (ICC 4) element that occupies `element`.
std::optional<std::string> element_text(std::span<const std::byte> element) {
  const ByteView view(element);
  if (view.starts_with("desc")) {
    const auto length = view.u32(8);
    if (!length || *length == 0) return std::nullopt;
    const auto text = view.part(12, *length);
    if (!text) return std::nullopt;
    const std::string_view ascii = ByteView::as_text(*text);
    return std::string(ascii.substr(0, ascii.find('\0')));
  }
  if (!view.starts_with("mluc") || view.u32(8).value_or(0) == 0) return std::nullopt;
  const auto length = view.u32(20);  // of the first language
  const auto offset = view.u32(24);
  if (!length || !offset || !view.has(*offset, *length)) return std::nullopt;
  std::string text;
  for (std::uint32_t i = 0; i + 1 < *length && text.size() < 256; i += 2) {
    const std::uint32_t unit = view.u16(std::uint64_t{*offset} + i).value_or(0);
    text += unit < 0x80 ? static_cast<char>(unit) : '?';
  }
  return text;
}

}  // namespace

std::optional<std::string> icc_description(std::span<const std::byte> profile) {
  constexpr std::uint32_t tags_allowed = 1000;
  const ByteView view(profile);
  const auto tags = view.u32(128);
  if (!view.starts_with("acsp", 36) || !tags || *tags > tags_allowed) return std::nullopt;
  for (std::uint32_t i = 0; i < *tags; ++i) {
    const std::uint64_t entry = 132 + std::uint64_t{i} * 12;
    if (!view.has(entry, 12)) return std::nullopt;
    if (!view.starts_with("desc", entry)) continue;
    const auto element = view.part(*view.u32(entry + 4), *view.u32(entry + 8));
    return element ? element_text(*element) : std::nullopt;
  }
  return std::nullopt;
}

bool describes_srgb(const std::string& description) {
  return description.find("sRGB") != std::string::npos || description.find("IEC 61966-2") != std::string::npos ||
         description.find("IEC61966-2") != std::string::npos || description == "c2";  // "c2": a well-known minimal sRGB
}

}  // namespace duhdr
