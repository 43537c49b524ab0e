// SPDX-License-Identifier: Apache-2.0
// Encoders: pixels to the bytes of a complete file, the same bytes for the same pixels.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "image/colour.h"
#include "image/metadata.h"
#include "image/pq_picture.h"
#include "tensor/tensor.h"

namespace duhdr {

inline constexpr float largest_half = 65504.0f;

// Light: [1, H, W, 3] f32 on the CPU, linear R G B, every value finite and >= 0 (else internal: the caller makes
// it so).

/// Light of Rec. 709 in other primaries; what rounding makes negative becomes 0. Those of named_primaries hold all of
/// Rec. 709.
Tensor in_primaries(const Tensor& pixels, const Chromaticities& primaries);

/// How many values encode_exr() with half = true would lower to 65504.
std::int64_t count_above_half(const Tensor& pixels);

/// Compressions of OpenEXR, by their numbers in the format, and their names. Lossy are pxr24 for floats, b44 and b44a
/// for halves, and dwaa and dwab.
enum class ExrCompression { none, rle, zips, zip, piz, pxr24, b44, b44a, dwaa, dwab };
inline constexpr std::array<std::string_view, 10> exr_compressions{"none",  "rle", "zips", "zip",  "piz",
                                                                   "pxr24", "b44", "b44a", "dwaa", "dwab"};

struct ExrOptions {
  bool half = true;  // false: 32-bit floats
  ExrCompression compression = ExrCompression::zip;
  Chromaticities chromaticities = rec709;
  std::optional<float> white_luminance = std::nullopt;  // cd/m^2 of (1, 1, 1)
  std::map<std::string, std::string> attributes = {};   // text; names that EXR itself uses are refused (usage)
  std::map<std::string, float> numbers = {};            // more of them
  std::map<std::string, Tensor> layers = {};            // as the pixels, or [1, H, W, 1]
};

/// OpenEXR: scanlines, channels R G B, and NAME.R NAME.G NAME.B or NAME.Y of every layer. Halves are rounded to
/// nearest even; above 65504 they become 65504.
Bytes encode_exr(const Tensor& pixels, const ExrOptions& options = {});

/// Radiance .hdr: RGBE rounded to nearest, new run lengths, PRIMARIES, no EXPOSURE (that is, 1). Each attribute becomes
/// a header line "name=text", escaped.
Bytes encode_hdr(const Tensor& pixels, const std::map<std::string, std::string>& attributes = {},
                 const Chromaticities& primaries = rec709);

/// PFM: colour, bottom row first, little endian; exact.
Bytes encode_pfm(const Tensor& pixels);

// Display: codes that are already sRGB-encoded.

/// The nearest 8-bit codes, u8, of values in [0, 1]; others are clamped.
Tensor codes_of(const Tensor& values);

/// 8-bit sRGB PNG of [1, H, W, 3] u8.
Bytes encode_png8(const Tensor& codes);

/// 16-bit sRGB PNG of [1, H, W, 3] f32: code = round(65535 * value), value clamped to [0, 1], NaN refused (internal).
Bytes encode_png16(const Tensor& values);

/// 16-bit PNG of a picture of that depth, with the chunks cICP (9 16 0 1), mDCV and cLLI of PNG's third edition, and
/// the metadata as eXIf and iTXt.
Bytes encode_png_pq(const PqPicture& picture, const Metadata& metadata = {});

/// Chroma of a JPEG: for every pixel (4:4:4), a mean of 2 x 2 (4:2:0), or none: red, green and blue as they are.
enum class ChromaSampling { full, half, none };

/// Baseline JPEG of [1, H, W, 3] u8, or a grey one of [1, H, W, 1]; quality 1..100.
Bytes encode_jpeg(const Tensor& codes, int quality = 95, ChromaSampling chroma = ChromaSampling::full);

/// Precondition of the encoders of light.
void check_light(const Tensor& pixels, std::int64_t channels = 3);

}  // namespace duhdr
