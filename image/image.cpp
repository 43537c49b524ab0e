// SPDX-License-Identifier: Apache-2.0
#include "image/image.h"

#include <array>
#include <cmath>
#include <new>

#include "image/bytes.h"
#include "image/decode.h"
#include "image/exif.h"
#include "image/icc.h"
#include "image/orientation.h"

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

void apply_exif(Image& image, std::span<const std::byte> tiff) {
  image.exif.assign(tiff.begin(), tiff.end());
  const ExifOrientation found = exif_orientation(tiff);
  if (!found.problem.empty()) warn(image, message("EXIF: ", found.problem, "; orientation taken as 1"));
  image.exif_orientation = found.value;
  image.pixels = upright(image.pixels, found.value);
}

void apply_icc(Image& image, std::span<const std::byte> profile) {
  image.icc.assign(profile.begin(), profile.end());
  const std::optional<std::string> description = icc_description(profile);
  if (!description)
    warn(image, "broken ICC profile; treated as sRGB");
  else if (!describes_srgb(*description))
    warn(image, message("ICC profile \"", escaped(*description, 60), "\"; treated as sRGB"));
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

namespace {

struct Signature {
  std::string_view magic;
  std::size_t offset;
  const char* format;
  Image (*decoder)(std::span<const std::byte>, const std::string&, const ReadLimits&);  // null: known, not read
};

using namespace std::string_view_literals;
constexpr std::array signatures{
    Signature{"\xFF\xD8\xFF"sv, 0, "JPEG", decode::jpeg},
    Signature{"\x89PNG\r\n\x1A\n"sv, 0, "PNG", decode::png},
    Signature{"\x76\x2F\x31\x01"sv, 0, "OpenEXR", decode::exr},
    Signature{"#?"sv, 0, "Radiance HDR", decode::radiance},
    Signature{"PF\n"sv, 0, "PFM", decode::pfm},
    Signature{"Pf\n"sv, 0, "PFM", decode::pfm},
    Signature{"PF\r\n"sv, 0, "PFM", decode::pfm},
    Signature{"Pf\r\n"sv, 0, "PFM", decode::pfm},
    Signature{"PF "sv, 0, "PFM", decode::pfm},
    Signature{"Pf "sv, 0, "PFM", decode::pfm},
    Signature{"GIF8"sv, 0, "GIF", nullptr},
    Signature{"BM"sv, 0, "BMP", nullptr},
    Signature{"II*\0"sv, 0, "TIFF or camera raw", nullptr},
    Signature{"MM\0*"sv, 0, "TIFF or camera raw", nullptr},
    Signature{"WEBP"sv, 8, "WebP", nullptr},
    Signature{"ftyphei"sv, 4, "HEIF", nullptr},
    Signature{"ftypmif1"sv, 4, "HEIF", nullptr},
    Signature{"ftypavif"sv, 4, "AVIF", nullptr},
    Signature{"\xFF\x0A"sv, 0, "JPEG XL", nullptr},
    Signature{"JXL "sv, 4, "JPEG XL", nullptr},
};

constexpr std::size_t smallest_file = 12;  // shorter than every complete file of every format

}  // namespace

Image decode_image(std::span<const std::byte> bytes, const std::string& shown_name, const ReadLimits& limits) try {
  const ByteView view(bytes);
  if (bytes.size() >= smallest_file) {
    for (const Signature& known : signatures) {
      if (!view.starts_with(known.magic, known.offset)) continue;
      if (known.decoder != nullptr) return known.decoder(bytes, shown_name, limits);
      decode::refuse(shown_name, "not a supported image (", known.format, ", JPEG, PNG, OpenEXR, Radiance HDR or PFM)");
    }
  }
  decode::refuse(shown_name, "not a supported image: ", bytes.size(),
                 " bytes of an unknown format (JPEG, PNG, OpenEXR, Radiance HDR or PFM)");
} catch (const std::bad_alloc&) {
  throw Error(ExitCode::out_of_memory, message(shown_name, ": not enough memory to decode the image"));
}

Image read_image(const std::filesystem::path& path, const ReadLimits& limits) {
  const Bytes bytes = read_file(path, limits.file_bytes, ExitCode::bad_image);
  return decode_image(bytes, shown(path), limits);
}

}  // namespace duhdr
