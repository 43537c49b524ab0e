// SPDX-License-Identifier: Apache-2.0
// TIFF files made at test time by libtiff.
#pragma once

#include <tiffio.h>

#include "tests/support/image_files.h"

namespace duhdr::files {

struct TiffOptions {
  std::uint16_t bits = 8, compression = COMPRESSION_NONE, planes = PLANARCONFIG_CONTIG, orientation = 1;
  std::uint16_t photometric = 0xFFFF;  // that of the number of channels
  bool floats = false, tiled = false;
  const char* mode = "w";  // "wb" with "b" or "l" for the byte order, 8 for BigTIFF
  Bytes icc = {}, xmp = {};
  std::function<void(TIFF*)> tune = {};
};

/// The samples of the codes: 8 bits as they are, 16 bits of code * 257, floats code / 16.
inline Bytes tiff_samples(const std::vector<std::uint8_t>& codes, const TiffOptions& options) {
  Bytes out;
  for (const std::uint8_t code : codes) {
    const auto wide = static_cast<std::uint16_t>(code * 257);
    const float light = static_cast<float>(code) / 16.0f;
    const auto* first = options.floats       ? reinterpret_cast<const std::byte*>(&light)
                        : options.bits == 16 ? reinterpret_cast<const std::byte*>(&wide)
                                             : reinterpret_cast<const std::byte*>(&code);
    out.insert(out.end(), first, first + (options.floats ? 4 : options.bits / 8));
  }
  return out;
}

/// A file of one picture; of several where `tune` writes directories.
inline Bytes tiff_file(const Codes& codes, const TiffOptions& options = {}) {
  struct Memory {
    Bytes bytes;
    std::size_t position = 0;
  } memory;
  TIFF* file = TIFFClientOpen(
      "memory", options.mode, &memory,
      [](thandle_t handle, void* to, tmsize_t count) -> tmsize_t {
        auto& m = *static_cast<Memory*>(handle);
        const std::size_t left = m.bytes.size() - std::min(m.position, m.bytes.size());
        const std::size_t given = std::min(left, static_cast<std::size_t>(count));
        std::memcpy(to, m.bytes.data() + m.position, given);
        m.position += given;
        return static_cast<tmsize_t>(given);
      },
      [](thandle_t handle, void* from, tmsize_t count) -> tmsize_t {
        auto& m = *static_cast<Memory*>(handle);
        const auto length = static_cast<std::size_t>(count);
        m.bytes.resize(std::max(m.bytes.size(), m.position + length));
        std::memcpy(m.bytes.data() + m.position, from, length);
        m.position += length;
        return count;
      },
      [](thandle_t handle, toff_t offset, int whence) -> toff_t {
        auto& m = *static_cast<Memory*>(handle);
        m.position = offset + (whence == SEEK_CUR ? m.position : whence == SEEK_END ? m.bytes.size() : 0);
        return m.position;
      },
      [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return static_cast<Memory*>(handle)->bytes.size(); }, nullptr, nullptr);
  const auto width = static_cast<std::uint32_t>(codes.width), height = static_cast<std::uint32_t>(codes.height);
  const auto channels = static_cast<std::uint16_t>(codes.channels);
  const bool colour = channels >= 3;
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, options.floats ? 32 : options.bits);
  TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, options.floats ? SAMPLEFORMAT_IEEEFP : SAMPLEFORMAT_UINT);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, channels);
  TIFFSetField(file, TIFFTAG_COMPRESSION, options.compression);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC,
               options.photometric != 0xFFFF ? options.photometric
               : colour                      ? PHOTOMETRIC_RGB
                                             : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, options.planes);
  TIFFSetField(file, TIFFTAG_ORIENTATION, options.orientation);
  if (channels == 2 || channels == 4) {
    const std::uint16_t extra = EXTRASAMPLE_UNASSALPHA;
    TIFFSetField(file, TIFFTAG_EXTRASAMPLES, 1, &extra);
  }
  if (!options.icc.empty())
    TIFFSetField(file, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(options.icc.size()), options.icc.data());
  if (!options.xmp.empty())
    TIFFSetField(file, TIFFTAG_XMLPACKET, static_cast<std::uint32_t>(options.xmp.size()), options.xmp.data());
  if (options.photometric == PHOTOMETRIC_YCBCR) TIFFSetField(file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  constexpr std::uint32_t tile = 16, strip = 8;
  if (options.tiled) {
    TIFFSetField(file, TIFFTAG_TILEWIDTH, tile);
    TIFFSetField(file, TIFFTAG_TILELENGTH, tile);
  } else {
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, strip);
  }
  if (options.tune) options.tune(file);
  const std::uint32_t across = options.tiled ? tile : width, down = options.tiled ? tile : strip;
  const bool apart = options.planes == PLANARCONFIG_SEPARATE;
  std::uint32_t index = 0;
  for (std::uint32_t plane = 0; plane < (apart ? channels : 1u); ++plane)
    for (std::uint32_t y0 = 0; y0 < height; y0 += down)
      for (std::uint32_t x0 = 0; x0 < width; x0 += across, ++index) {
        std::vector<std::uint8_t> block;
        const std::uint32_t rows = options.tiled ? tile : std::min(down, height - y0);
        for (std::uint32_t y = y0; y < y0 + rows; ++y)
          for (std::uint32_t x = x0; x < x0 + across; ++x)
            for (std::uint32_t c = 0; c < channels; ++c)
              if (!apart || c == plane)
                block.push_back(x < width && y < height ? codes.data[(y * width + x) * channels + c] : 0);
        Bytes samples = tiff_samples(block, options);
        const auto size = static_cast<tmsize_t>(samples.size());
        if (options.tiled)
          TIFFWriteEncodedTile(file, index, samples.data(), size);
        else
          TIFFWriteEncodedStrip(file, index, samples.data(), size);
      }
  TIFFClose(file);
  return memory.bytes;
}

}  // namespace duhdr::files
