// SPDX-License-Identifier: Apache-2.0
// The one table of picture formats: what a file is recognised by, how it is read and written, and which folders'
// searches it belongs to. A new format is a file with its decoder or encoder, and a row in formats.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/encode.h"
#include "image/gain_map.h"
#include "image/image.h"

namespace duhdr {

/// The photograph that light was made of, for formats that keep it.
struct Photograph {
  Bytes jpeg;           // the whole file, if it is a JPEG and the format keeps it
  Bytes icc = {};       // its colour profile, whose primaries the gains of a colour map are for
  Tensor codes;         // else: [1, H, W, 3] f32 on the CPU, display values in [0, 1], upright
  int orientation = 1;  // 1..8, of the pixels in `jpeg`
};

/// What formats leave to whoever writes them; each reads what concerns it.
struct WriteOptions {
  int quality = 95;  // of a JPEG or AVIF that is encoded, 1..100
  bool half = true;  // of an EXR: 16-bit floats; false: 32 bits
  ExrCompression compression = ExrCompression::zip;
  Chromaticities primaries = rec709;  // that light is written in; Output has Rec. 709
  int depth = 10;                     // bits of an AVIF: 10 or 12
  bool strip_metadata = false;        // of a JPEG that is kept
  MapSize map_size = MapSize::half;   // of a gain map
  bool colour_gain = false;           // a display's light: one gain a channel instead of one a pixel,
  double white = reference_white;     // cd/m^2 of its diffuse white,
  double peak = 1000;                 // and of the brightest display that it is made for; above `white`
};

/// What an encoder is given; one that has no place for a part of it leaves the part out.
struct Output {
  Tensor pixels;  // [1, H, W, 3] f32 on the CPU: light, or display values in [0, 1]
  std::optional<float> white_luminance = std::nullopt;  // of light: cd/m^2 of (1, 1, 1)
  std::map<std::string, std::string> attributes = {};   // text
  std::map<std::string, Tensor> layers = {};            // more pictures of the same size, [1, H, W, 3] or [1, H, W, 1]
  const Photograph* photograph = nullptr;
  Metadata metadata = {};
  WriteOptions options = {};
};

/// Bytes that a file of the format carries: `magic` at `offset`.
struct Mark {
  std::string_view magic;
  std::size_t offset = 0;
};

/// One row a format. A file belongs to the first row that has a mark of it; a row without marks is found by the
/// file's extension and `plausible`, after all others.
struct Format {
  using Plausible = bool(std::span<const std::byte> bytes);
  using Decode = Image(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits);
  using Encode = Bytes(const Output& output);

  std::string_view name = {};                     // Image::format
  std::string_view title = {};                    // in messages
  std::vector<std::string_view> extensions = {};  // lower case, without the dot; the first is that of written files
  Image::Referred referred = Image::Referred::display;  // a decoder of such may find light all the same
  std::vector<Mark> marks = {};
  Plausible* plausible = nullptr;
  Decode* decode = nullptr;           // null: recognised only to be refused by its title
  std::string_view library = {};      // that decoding needs, and a build may lack: `decode` is null then
  Encode* encode = nullptr;           // null: read only
  std::string_view unavailable = {};  // why this build cannot write it, where another one can
  std::string_view shortcoming = {};  // of the files that this build writes
  bool holds_layers = false;
  bool holds_metadata = false;    // Output::metadata
  bool shows_photograph = false;  // on an HDR display: `encode` needs Output::photograph, and the layers "linear" and
                                  // "mask"; `pixels` are scene light all the same
  bool keeps_jpeg = false;        // Photograph::jpeg
  /// Options that change what `encode` writes.
  struct Uses {
    bool quality = false, depth = false, map_size = false;
    bool exr = false;  // half, compression
    bool primaries = false;
    bool display = false;  // colour_gain, white, peak
  } uses = {};
  /// Blocks of metadata that `decode` hands over as found, in Image::exif, icc and xmp. The file's own bytes stay
  /// with whoever read them: decoders copy, they never change them.
  struct {
    bool exif = false, icc = false, xmp = false;
  } keeps = {};
};

/// All rows, those that are read and written first.
const std::vector<Format>& formats();

/// Extension of a file name: lower case, without the dot.
std::string extension_of(const std::filesystem::path& path);

/// The format of such an extension; null when there is none.
const Format* format_of(std::string_view extension);

/// The format of that name or extension which pictures of the kind can be written in, if need be by another build
/// (Format::unavailable); null when there is none.
const Format* written_format(std::string_view text, Image::Referred kind);

/// The format of a file's bytes; null when there is none.
const Format* recognised(std::span<const std::byte> bytes, std::string_view extension);

/// "PNG, JPEG or GIF": the formats that can be read; only those of the kind where one is asked for.
std::string readable_formats(std::optional<Image::Referred> referred = std::nullopt);

/// First extensions of the formats of the kind that can be written, the preferred one first.
std::vector<std::string> written_formats(Image::Referred referred);

/// Whether the name is that of a picture of the kind that can be read.
bool names_picture(const std::filesystem::path& path, Image::Referred referred);

}  // namespace duhdr
