// SPDX-License-Identifier: Apache-2.0
// TIFF by libtiff: grey, RGB, palettes and JPEG's YCbCr of 8 or 16 bits as a photograph, 32-bit floats as light; in
// strips or tiles, samples together or apart. Camera raw files, which begin like TIFF, are refused.
#include <algorithm>
#include <cstring>
#include <memory>

#include <tiffio.h>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr::decode {
namespace {

constexpr tmsize_t largest_allocation = 256 << 20;  // of the library itself, for tables and compressed data

/// A file in memory, and what the library says about it.
struct Source {
  std::span<const std::byte> bytes;
  std::uint64_t position = 0;
  char error[160] = "", warning[160] = "";
};
Source& source_of(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* to, tmsize_t wanted) {
  Source& source = source_of(handle);
  const std::uint64_t left = source.position < source.bytes.size() ? source.bytes.size() - source.position : 0;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(wanted)));
  if (count > 0) std::memcpy(to, source.bytes.data() + source.position, count);
  source.position += count;
  return static_cast<tmsize_t>(count);
}
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  source.position = offset + (whence == SEEK_CUR ? source.position : whence == SEEK_END ? source.bytes.size() : 0);
  return source.position;
}

template <char (Source::*text)[160]>
int keep_first(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  char(&kept)[160] = static_cast<Source*>(user)->*text;
  if (kept[0] == '\0') std::vsnprintf(kept, sizeof kept, format, arguments);
  return 1;
}

using File = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

File open(Source& source) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 &TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), largest_allocation);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_first<&Source::error>, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), keep_first<&Source::warning>, &source);
  return {TIFFClientOpenExt(
              "file", "rmc", &source, read_bytes, [](thandle_t, void*, tmsize_t) { return tmsize_t{0}; }, seek,
              [](thandle_t) { return 0; }, [](thandle_t handle) -> toff_t { return source_of(handle).bytes.size(); },
              nullptr, nullptr, options.get()),
          &TIFFClose};
}

/// What the first directory says about the samples.
struct Layout {
  std::uint32_t width = 0, height = 0;
  std::uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK,
                compression = COMPRESSION_NONE, planes = PLANARCONFIG_CONTIG;
  bool tiled = false;
  std::uint32_t block_width = 0, block_height = 0;  // of a tile, or of a strip

  int colours() const { return photometric == PHOTOMETRIC_RGB || photometric == PHOTOMETRIC_YCBCR ? 3 : 1; }
  bool apart() const { return planes == PLANARCONFIG_SEPARATE; }
  std::size_t sample_bytes() const { return bits / 8; }
};

template <class Value>
Value field(TIFF* file, std::uint32_t tag, Value otherwise) {
  Value value = otherwise;
  return TIFFGetFieldDefaulted(file, tag, &value) != 0 ? value : otherwise;
}

Layout layout_of(TIFF* file) {
  Layout found;
  found.width = field<std::uint32_t>(file, TIFFTAG_IMAGEWIDTH, 0);
  found.height = field<std::uint32_t>(file, TIFFTAG_IMAGELENGTH, 0);
  found.bits = field<std::uint16_t>(file, TIFFTAG_BITSPERSAMPLE, 1);
  found.samples = field<std::uint16_t>(file, TIFFTAG_SAMPLESPERPIXEL, 1);
  found.format = field<std::uint16_t>(file, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  found.photometric = field<std::uint16_t>(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  found.compression = field<std::uint16_t>(file, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  found.planes = field<std::uint16_t>(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  found.tiled = TIFFIsTiled(file) != 0;
  found.block_width = found.tiled ? field<std::uint32_t>(file, TIFFTAG_TILEWIDTH, 0) : found.width;
  found.block_height = found.tiled ? field<std::uint32_t>(file, TIFFTAG_TILELENGTH, 0)
                                   : field<std::uint32_t>(file, TIFFTAG_ROWSPERSTRIP, found.height);
  if (!found.tiled) found.block_height = std::min(found.block_height, found.height);
  return found;
}

/// Camera raw files hold a small picture in front, and the raw one in a sub-directory or as a mosaic.
bool is_camera_raw(TIFF* file, const ByteView& view, const Layout& layout) {
  constexpr std::uint32_t dng_version = 50706, reduced = 1;
  constexpr std::uint16_t mosaic = 32803, linear_raw = 34892;
  const void* version = nullptr;
  return view.starts_with("CR\2", 8) || TIFFGetField(file, dng_version, &version) != 0 ||
         layout.photometric == mosaic || layout.photometric == linear_raw ||
         (field<std::uint32_t>(file, TIFFTAG_SUBFILETYPE, 0) & reduced) != 0;
}

void check(const Layout& layout, const std::string& name) {
  const bool light = layout.format == SAMPLEFORMAT_IEEEFP;
  if (light ? layout.bits != 32 : layout.format != SAMPLEFORMAT_UINT || (layout.bits != 8 && layout.bits != 16))
    refuse(name, "unsupported TIFF (", layout.bits, " bits per sample of kind ", layout.format,
           ", 8 or 16 as integers or 32 as floats)");
  const bool palette = layout.photometric == PHOTOMETRIC_PALETTE;
  if (layout.photometric > PHOTOMETRIC_PALETTE &&
      !(layout.photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG))
    refuse(name, "unsupported TIFF (colours of kind ", layout.photometric, ", grey, RGB or a palette)");
  if (palette && (layout.bits != 8 || layout.samples != 1)) refuse(name, "unsupported TIFF (a palette of not 8 bits)");
  if (layout.samples < layout.colours() || layout.samples > 16)
    refuse(name, "unsupported TIFF (", layout.samples, " samples per pixel, ", layout.colours(), " to 16)");
  if (TIFFIsCODECConfigured(layout.compression) == 0)
    refuse(name, "unsupported TIFF (compression ", layout.compression, ", which this build's libtiff lacks)");
  constexpr std::uint64_t small_block = 1 << 20;  // pixels; larger ones have to have something to do with the picture
  const std::uint64_t block = std::uint64_t{layout.block_width} * layout.block_height;
  if (block == 0 || block > 4 * std::uint64_t{layout.width} * layout.height + small_block)
    refuse(name, "damaged TIFF: impossible tiles (", layout.block_width, " x ", layout.block_height, ")");
}

/// The largest number of bytes that one compressed byte can stand for; 0: not known.
std::uint64_t largest_ratio(std::uint16_t compression) {
  switch (compression) {
    case COMPRESSION_NONE:
      return 1;
    case COMPRESSION_PACKBITS:
      return 64;
    case COMPRESSION_LZW:
      return 4096;
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
      return 1032;
    default:
      return 0;
  }
}

/// Every block lies within the file, and all of them can hold the picture.
void check_blocks(TIFF* file, const Layout& layout, std::size_t file_bytes, const std::string& name) {
  const std::uint32_t blocks = layout.tiled ? TIFFNumberOfTiles(file) : TIFFNumberOfStrips(file);
  if (blocks == 0 || blocks > file_bytes) refuse(name, "damaged TIFF: ", blocks, " blocks in ", file_bytes, " bytes");
  std::uint64_t stored = 0;
  for (std::uint32_t i = 0; i < blocks; ++i) {
    const std::uint64_t offset = TIFFGetStrileOffset(file, i), count = TIFFGetStrileByteCount(file, i);
    if (count == 0 || offset > file_bytes || count > file_bytes - offset)
      refuse(name, "damaged TIFF: block ", i, " lies outside of the file (", count, " bytes at ", offset, ", ",
             file_bytes, " in all)");
    stored += count;
  }
  const std::uint64_t needed = std::uint64_t{layout.width} * layout.height * layout.samples * layout.sample_bytes();
  const std::uint64_t ratio = largest_ratio(layout.compression);
  if (ratio > 0 && needed / ratio > stored)
    refuse(name, "damaged TIFF: too little picture data (", stored, " bytes, at least ", needed / ratio, ")");
}

/// The value of a sample; codes in [0, 1], light as it is.
float value_of(const Layout& layout, const std::byte* at) {
  if (layout.bits == 32) {
    float light;
    std::memcpy(&light, at, sizeof light);
    return light;
  }
  if (layout.bits == 8) return static_cast<float>(std::to_integer<int>(*at)) / 255.0f;
  std::uint16_t code;
  std::memcpy(&code, at, sizeof code);
  return static_cast<float>(code) / 65535.0f;
}

struct Palette {
  std::uint16_t* channels[3] = {};
};

/// Rows of a block, whose first pixel is (x0, y0), to R G B; `plane` is the sample that it holds, or -1 for all.
void place(const Layout& layout, const Palette& palette, const Bytes& block, std::uint32_t x0, std::uint32_t y0,
           int plane, Tensor& pixels) {
  const std::size_t step = plane < 0 ? layout.samples * layout.sample_bytes() : layout.sample_bytes();
  const std::uint32_t columns = std::min(layout.block_width, layout.width - x0),
                      rows = std::min(layout.block_height, layout.height - y0);
  for (std::uint32_t y = 0; y < rows; ++y) {
    const std::byte* from = block.data() + std::size_t{y} * layout.block_width * step;
    float* to = pixels.mutable_data<float>() + (std::int64_t{y0 + y} * layout.width + x0) * 3;
    for (std::uint32_t x = 0; x < columns; ++x, from += step, to += 3) {
      for (int c = 0; c < 3; ++c) {
        const int sample = layout.colours() == 3 ? c : 0;
        if (palette.channels[c] != nullptr)
          to[c] = static_cast<float>(palette.channels[c][std::to_integer<std::size_t>(*from)]) / 65535.0f;
        else if (plane < 0)
          to[c] = value_of(layout, from + static_cast<std::size_t>(sample) * layout.sample_bytes());
        else if (sample == plane)
          to[c] = value_of(layout, from);
        if (layout.photometric == PHOTOMETRIC_MINISWHITE && (plane < 0 || sample == plane)) to[c] = 1 - to[c];
      }
    }
  }
}

void read_pixels(TIFF* file, const Source& source, const Layout& layout, const std::string& name, Tensor& pixels) {
  Palette palette;
  auto& [red, green, blue] = palette.channels;
  if (layout.photometric == PHOTOMETRIC_PALETTE && TIFFGetField(file, TIFFTAG_COLORMAP, &red, &green, &blue) == 0)
    refuse(name, "damaged TIFF: no palette");
  const tmsize_t size = layout.tiled ? TIFFTileSize(file) : TIFFStripSize(file);
  const std::size_t block_samples = layout.apart() ? 1 : layout.samples;
  const std::uint64_t expected =
      std::uint64_t{layout.block_width} * layout.block_height * block_samples * layout.sample_bytes();
  if (size <= 0 || static_cast<std::uint64_t>(size) != expected) refuse(name, "damaged TIFF: impossible block size");
  Bytes block(expected);
  const std::uint32_t across = (layout.width + layout.block_width - 1) / layout.block_width,
                      down = (layout.height + layout.block_height - 1) / layout.block_height;
  const int planes = layout.apart() ? layout.colours() : 1;
  for (int plane = 0; plane < planes; ++plane)
    for (std::uint32_t j = 0; j < down; ++j)
      for (std::uint32_t i = 0; i < across; ++i) {
        const std::uint32_t index = (static_cast<std::uint32_t>(plane) * down + j) * across + i;
        const std::uint32_t rows = std::min(layout.block_height, layout.height - j * layout.block_height);
        const auto wanted = static_cast<tmsize_t>(layout.tiled ? expected : expected / layout.block_height * rows);
        const tmsize_t got = layout.tiled ? TIFFReadEncodedTile(file, index, block.data(), wanted)
                                          : TIFFReadEncodedStrip(file, index, block.data(), wanted);
        if (got != wanted || source.error[0] != '\0') refuse(name, "damaged TIFF: ", escaped(source.error));
        place(layout, palette, block, i * layout.block_width, j * layout.block_height, layout.apart() ? plane : -1,
              pixels);
      }
}

Bytes block_of(TIFF* file, std::uint32_t tag) {
  std::uint32_t length = 0;
  void* data = nullptr;
  if (TIFFGetField(file, tag, &length, &data) == 0 || data == nullptr) return {};
  const auto* first = static_cast<const std::byte*>(data);
  return {first, first + length};
}

}  // namespace

Image tiff(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  Source source{.bytes = bytes};
  const File file = open(source);
  if (!file) refuse(name, "damaged TIFF: ", escaped(source.error));
  const Layout layout = layout_of(file.get());
  if (is_camera_raw(file.get(), ByteView(bytes), layout))
    refuse(name, "a camera raw file; develop it first, for example to a 16-bit TIFF");
  check_size(name, layout.width, layout.height, limits);
  check(layout, name);
  check_blocks(file.get(), layout, bytes.size(), name);
  if (layout.photometric == PHOTOMETRIC_YCBCR) TIFFSetField(file.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);

  Image image;
  image.referred = layout.format == SAMPLEFORMAT_IEEEFP ? Image::Referred::scene : Image::Referred::display;
  image.pixels = Tensor({1, layout.height, layout.width, 3}, DType::f32);
  if (source.warning[0] != '\0') warn(image, message("TIFF: ", escaped(source.warning)));
  source.warning[0] = '\0';
  read_pixels(file.get(), source, layout, name, image.pixels);
  if (source.warning[0] != '\0') refuse(name, "damaged TIFF: ", escaped(source.warning));  // as of a JPEG that ends
  if (layout.samples > layout.colours()) warn(image, "transparency is ignored");
  if (const Bytes profile = block_of(file.get(), TIFFTAG_ICCPROFILE); !profile.empty()) apply_icc(image, profile);
  image.xmp = block_of(file.get(), TIFFTAG_XMLPACKET);
  if (image.referred == Image::Referred::scene) repair_light(image);
  apply_orientation(image, field<std::uint16_t>(file.get(), TIFFTAG_ORIENTATION, 1));
  if (TIFFLastDirectory(file.get()) == 0) warn(image, "more pictures follow in the TIFF; only the first is used");
  return image;
}

}  // namespace duhdr::decode
