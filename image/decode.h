// SPDX-License-Identifier: Apache-2.0
// The decoders behind decode_image() and what they share. Private to this folder.
#pragma once

#include "image/cicp.h"
#include "image/colour_transform.h"
#include "image/image.h"

namespace duhdr::decode {

/// Each decodes a file that carries its format's mark. Errors as decode_image(), every message begins with `name`;
/// format and kind of the image are the caller's to fill in.
Image jpeg(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image png(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image exr(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image radiance(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image pfm(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image pnm(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image bmp(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image gif(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image psd(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image tga(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);

/// Those of optional libraries, which a build may lack.
Image tiff(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image webp(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
Image heif(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);

/// Whether the bytes can be a TGA file, which has no mark: every field of the header has one of its few values.
bool looks_like_tga(std::span<const std::byte> bytes);

/// Ends the decoding: bad_image with "<name>: <reason>".
template <class... Parts>
[[noreturn]] void refuse(const std::string& name, const Parts&... reason) {
  throw Error(ExitCode::bad_image, message(name, ": ", reason...));
}

/// Refuses an empty side and one above the limits.
void check_size(const std::string& name, std::uint64_t width, std::uint64_t height, const ReadLimits& limits);

/// Adds a warning; at most 20 are kept, and then one that says so.
void warn(Image& image, std::string text);

/// Warns about the `count` bytes behind the end of an image.
void warn_trailing(Image& image, std::uint64_t count);

/// Turns the pixels upright by what image.exif says, else image.xmp; a broken block is a warning.
void apply_orientation(Image& image);

/// The same by what the format itself says, 1..8; anything else is a warning.
void apply_orientation(Image& image, int orientation);

/// Keeps the ICC profile, and takes the pixels from its colours to sRGB, clipped to [0, 1], or, of an image of light,
/// to linear Rec. 709. Codes of sRGB itself are left as they are. A profile that cannot be used is a warning.
void apply_icc(Image& image, std::span<const std::byte> profile);

/// The same of colours that the file states by numbers; `text` says in a warning what they are.
void apply_colours(Image& image, const StatedColours& colours, const std::string& text);

/// The same of code points; those of an HDR display are refused, those without a meaning here are a warning.
void apply_code_points(Image& image, const CodePoints& points, const std::string& name);

/// The pixels of C M Y K, [1, H, W, 4] f32, 1 = all ink: by the profile, which is kept, or, where it is empty or cannot
/// be used, red = (1 - C)(1 - K) and so on, with a warning.
void apply_inks(Image& image, const Tensor& inks, std::span<const std::byte> profile);

/// Linear light: NaN and negative values become 0, infinite ones 65504; counted in `replaced` and in a warning.
void repair_light(Image& image);

}  // namespace duhdr::decode
