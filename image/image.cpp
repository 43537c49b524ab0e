// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <cmath>
#include <new>

#include "image/decode.h"
#include "image/exif.h"
#include "image/formats.h"
#include "image/orientation.h"
#include "image/xmp.h"

namespace duhdr {
namespace decode {

void check_size(const std::string& name, std::uint64_t width, std::uint64_t height, const ReadLimits& limits) {
  if (width == 0 || height == 0) refuse(name, "empty image (", width, " x ", height, ", at least 1 x 1)");
  const auto side = static_cast<std::uint64_t>(limits.side);
  if (width > side || height > side)
    refuse(name, "image side too long (", width, " x ", height, ", at most ", side, " per side)");
  if (width * height > static_cast<std::uint64_t>(limits.pixels))
    refuse(name, "too many pixels (", width, " x ", height, ", at most ", limits.pixels, ")");
}

void warn(Image& image, std::string text) {
  constexpr std::size_t kept = 20;
  if (image.warnings.size() < kept)
    image.warnings.push_back(std::move(text));
  else if (image.warnings.size() == kept)
    image.warnings.push_back("further warnings are left out");
}

void warn_trailing(Image& image, std::uint64_t count) {
  if (count > 0) warn(image, message(count, " bytes behind the end of the image are ignored"));
}

void apply_orientation(Image& image) {
  Orientation found, other;
  if (!image.exif.empty()) found = exif_orientation(image.exif);
  if (!image.xmp.empty()) other = xmp_orientation(image.xmp);
  const char* taken = !found.stated && other.stated ? "taken from XMP" : "taken as 1";
  if (!found.problem.empty()) warn(image, message("EXIF: ", found.problem, "; orientation ", taken));
  if (!found.stated && !other.problem.empty()) warn(image, message("XMP: ", other.problem, "; orientation taken as 1"));
  image.orientation = found.stated ? found.value : other.value;
  image.pixels = upright(image.pixels, image.orientation);
}

void apply_orientation(Image& image, int orientation) {
  const bool known = orientation >= 1 && orientation <= 8;
  if (!known) warn(image, message("orientation out of range (", orientation, ", 1 to 8); taken as 1"));
  image.orientation = known ? orientation : 1;
  image.pixels = upright(image.pixels, image.orientation);
}

void repair_light(Image& image) {
  std::int64_t nans = 0, negatives = 0, infinities = 0;
  auto* value = image.pixels.mutable_data<float>();
  for (const float* end = value + image.pixels.numel(); value != end; ++value) {
    if (*value >= 0.0f && *value <= 3.402823466e38f) continue;
    if (std::isnan(*value)) {
      ++nans;
      *value = 0.0f;
    } else if (*value < 0.0f) {
      ++negatives;
      *value = 0.0f;
    } else {
      ++infinities;
      *value = 65504.0f;
    }
  }
  image.replaced = nans + negatives + infinities;
  if (image.replaced > 0)
    warn(image, message(image.replaced, " values replaced (", nans, " NaN and ", negatives, " negative by 0, ",
                        infinities, " infinite by 65504)"));
}

}  // namespace decode

Image decode_image(std::span<const std::byte> bytes, const std::string& shown_name, const ReadLimits& limits,
                   std::string_view extension) try {
  const Format* format = recognised(bytes, extension);
  if (format == nullptr)
    decode::refuse(shown_name, "not a supported image: ", bytes.size(), " bytes of an unknown format (",
                   readable_formats(), ")");
  if (format->decode == nullptr && !format->library.empty())
    decode::refuse(shown_name, "this build cannot read ", format->title, ": it was made without ", format->library,
                   " (", readable_formats(), ")");
  if (format->decode == nullptr)
    decode::refuse(shown_name, "not a supported image (", format->title, ", ", readable_formats(), ")");
  Image image = format->decode(bytes, shown_name, limits);
  image.format = format->name;
  if (format->referred == Image::Referred::scene) image.referred = Image::Referred::scene;
  return image;
} catch (const std::bad_alloc&) {
  throw Error(ExitCode::out_of_memory, message(shown_name, ": not enough memory to decode the image"));
}

Image read_image(const std::filesystem::path& path, const ReadLimits& limits) {
  const Bytes bytes = read_file(path, limits.file_bytes, ExitCode::bad_image);
  return decode_image(bytes, shown(path), limits, extension_of(path));
}

}  // namespace duhdr
