// SPDX-License-Identifier: Apache-2.0
// Image: a decoded picture file, and the one way to get one. The format is recognised by content, not by name (but for
// TGA, whose content has no mark of its own).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "image/colour.h"
#include "tensor/tensor.h"

namespace duhdr {

struct Image {
  /// What the numbers mean: codes for a display (code/255 or code/65535, in [0, 1], still sRGB-encoded) or light
  /// (linear, finite, >= 0, 1 is not special).
  enum class Referred { display, scene };

  Tensor pixels;  // [1, H, W, 3] f32 on the CPU, R G B, upright
  Referred referred = Referred::display;
  std::string format;                 // the name of its row in image/formats.cpp
  std::vector<std::string> warnings;  // one line each, without the file's name, safe to print

  Bytes exif;           // the TIFF block as found (its orientation is NOT reset); empty = none
  Bytes icc;            // the ICC profile as found; empty = none. Codes are sRGB's all the same: it has been applied,
                        // or, where that cannot be, ignored with a warning
  Bytes xmp;            // the XMP packet as found; empty = none
  int orientation = 1;  // 1..8 as found in EXIF, else in XMP; already applied to `pixels`

  std::optional<Chromaticities> chromaticities;  // exr, hdr: as stated by the file; absent = Rec. 709
  std::optional<float> white_luminance;          // exr: cd/m^2 of pixel value (1, 1, 1)
  std::int64_t replaced = 0;                     // scene: NaN, negative and infinite values that were replaced

  std::int64_t width() const { return pixels.shape().w(); }
  std::int64_t height() const { return pixels.shape().h(); }
};

/// What a file may ask for. All of it is checked on the header, before pixels are allocated.
struct ReadLimits {
  std::int64_t side = 65'536;
  std::int64_t pixels = 268'435'456;
  std::uint64_t file_bytes = std::uint64_t{4} << 30;
  int exr_channels = 64;
  int jpeg_scans = 100;
  bool lenient = false;  // a damaged JPEG is decoded as far as it goes, with a warning, instead of refused
  int exr_part = -1;     // part of a multi-part EXR; -1 = the first one with a picture
};

/// Reads and decodes a file. Throws io when it cannot be read, bad_image when it is not a supported, complete
/// image within the limits, out_of_memory when its pixels do not fit.
Image read_image(const std::filesystem::path& path, const ReadLimits& limits = {});

/// The same for bytes in memory; `shown_name` begins every error message and must be safe to print. `extension` of the
/// file's name, as extension_of() gives it, decides only where the content does not: without it no TGA is recognised.
Image decode_image(std::span<const std::byte> bytes, const std::string& shown_name, const ReadLimits& limits = {},
                   std::string_view extension = {});

}  // namespace duhdr
