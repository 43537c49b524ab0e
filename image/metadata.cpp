// SPDX-License-Identifier: Apache-2.0
#include "image/metadata.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "image/exif.h"
#include "image/image.h"
#include "image/tiff_block.h"
#include "image/xmp.h"

namespace duhdr {
namespace {

enum class Kind { text, number, date, offset };

/// An entry of EXIF and the attribute that it becomes; of two rows for one attribute the first that is there counts.
struct Row {
  bool in_exif;  // in the directory that the first one points to
  std::uint32_t tag;
  const char* attribute;
  Kind kind = Kind::text;
};

constexpr std::uint32_t exif_directory_tag = 0x8769;
constexpr Row rows[] = {{false, 0x010F, "cameraMake"},
                        {false, 0x0110, "cameraModel"},
                        {false, 0x013B, "owner"},
                        {false, 0x8298, "owner"},
                        {false, 0x010E, "comments"},
                        {true, 0x9003, "capDate", Kind::date},
                        {true, 0x9004, "capDate", Kind::date},
                        {true, 0x9011, "utcOffset", Kind::offset},
                        {true, 0x829A, "expTime", Kind::number},
                        {true, 0x829D, "aperture", Kind::number},
                        {true, 0x8827, "isoSpeed", Kind::number},
                        {true, 0x920A, "nominalFocalLength", Kind::number},
                        {true, 0xA433, "lensMake"},
                        {true, 0xA434, "lensModel"}};

/// The text up to its first zero, without white space around it.
std::string text_of(const TiffBlock& tiff, const TiffEntry& entry) {
  const auto at = tiff.value(entry);
  if (!at || entry.type != TiffEntry::ascii) return {};
  constexpr std::string_view white = " \t\r\n";
  std::string_view text = ByteView::as_text(*tiff.view().part(*at, entry.count));
  text = text.substr(0, text.find('\0'));
  text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
  return std::string(text.substr(0, text.find_last_not_of(white) + 1));
}

/// A number above 0, else 0; of several the first.
double number_of(const TiffBlock& tiff, const TiffEntry& entry) {
  const auto at = tiff.value(entry);
  if (!at) return 0;
  const ByteView& view = tiff.view();
  if (entry.type == TiffEntry::u16) return view.u16(*at).value();
  if (entry.type == TiffEntry::u32) return view.u32(*at).value();
  if (entry.type != TiffEntry::rational || view.u32(*at + 4) == 0u) return 0;
  return static_cast<double>(view.u32(*at).value()) / static_cast<double>(view.u32(*at + 4).value());
}

/// Whether the text is as the pattern, in which 0 stands for a digit and + for a sign.
bool looks_like(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern, [](char c, char wanted) {
    if (wanted == '0') return c >= '0' && c <= '9';
    return wanted == '+' ? c == '+' || c == '-' : c == wanted;
  });
}

void add(ExrAttributes& to, const Row& row, const TiffBlock& tiff, const TiffEntry& entry) {
  const std::string text = text_of(tiff, entry);
  switch (row.kind) {
    case Kind::text:
      if (!text.empty()) to.texts.emplace(row.attribute, text);
      break;
    case Kind::date:
      if (looks_like(text, "0000:00:00 00:00:00")) to.texts.emplace(row.attribute, text);
      break;
    case Kind::offset:
      if (looks_like(text, "+00:00")) {
        const auto digits = [&](std::size_t i) { return 10 * (text[i] - '0') + text[i + 1] - '0'; };
        const int seconds = 3600 * digits(1) + 60 * digits(4);
        to.numbers.emplace(row.attribute, static_cast<float>(text[0] == '+' ? -seconds : seconds));
      }
      break;
    case Kind::number:
      if (const double number = number_of(tiff, entry); number > 0)
        to.numbers.emplace(row.attribute, static_cast<float>(number));
  }
}

}  // namespace

Metadata upright_metadata(const Image& image, std::vector<std::string>& warnings) {
  Metadata metadata;
  if (!image.xmp.empty()) metadata.xmp = upright_xmp(image.xmp);
  if (image.exif.empty()) return metadata;
  if (auto exif = upright_exif(image.exif))
    metadata.exif = std::move(*exif);
  else
    warnings.push_back("EXIF is broken and left out of what is written");
  return metadata;
}

ExrAttributes exr_attributes(const Metadata& metadata) {
  ExrAttributes found;
  if (!metadata.xmp.empty()) found.texts["xmp"] = ByteView::as_text(metadata.xmp);
  const TiffBlock tiff(metadata.exif);
  const auto main = tiff.has_header() ? tiff.directory(tiff.first()) : std::nullopt;
  if (!main) return found;
  const auto pointer = std::ranges::find(*main, exif_directory_tag, &TiffEntry::tag);
  const auto exif = pointer == main->end() ? std::nullopt : tiff.directory(tiff.view().u32(pointer->field).value_or(0));
  for (const Row& row : rows) {
    if (row.in_exif && !exif) continue;
    const std::vector<TiffEntry>& entries = row.in_exif ? *exif : *main;
    const auto entry = std::ranges::find(entries, row.tag, &TiffEntry::tag);
    if (entry != entries.end()) add(found, row, tiff, *entry);
  }
  return found;
}

}  // namespace duhdr
