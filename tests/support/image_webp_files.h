// SPDX-License-Identifier: Apache-2.0
// WebP files made at test time: pictures by libwebp, the container by hand.
#pragma once

#include <webp/encode.h>

#include "tests/support/image_files.h"

namespace duhdr::files {

inline Bytes webp_bytes(std::uint8_t* data, std::size_t size) {
  Bytes out = bytes_of({reinterpret_cast<const char*>(data), size});
  WebPFree(data);
  return out;
}
/// Of 3 or 4 channels.
inline Bytes lossless_webp(const Codes& codes) {
  std::uint8_t* data = nullptr;
  const std::size_t size =
      codes.channels == 4 ? WebPEncodeLosslessRGBA(codes.data.data(), codes.width, codes.height, codes.width * 4, &data)
                          : WebPEncodeLosslessRGB(codes.data.data(), codes.width, codes.height, codes.width * 3, &data);
  return webp_bytes(data, size);
}
inline Bytes lossy_webp(const Codes& codes, float quality = 95) {
  std::uint8_t* data = nullptr;
  const std::size_t size = WebPEncodeRGB(codes.data.data(), codes.width, codes.height, codes.width * 3, quality, &data);
  return webp_bytes(data, size);
}

inline Bytes riff_chunk(std::string_view name, const Bytes& data) {
  return bytes_of(name) + little(static_cast<std::int64_t>(data.size())) + data + Bytes(data.size() % 2);
}
inline Bytes riff(const Bytes& chunks) {
  return bytes_of("RIFF") + little(static_cast<std::int64_t>(chunks.size() + 4)) + "WEBP" + chunks;
}
/// VP8X with the flags of what follows.
inline Bytes webp_header(int width, int height, int flags) {
  return riff_chunk("VP8X", little(flags) + little(width - 1, 3) + little(height - 1, 3));
}
/// The picture chunk of a simple file.
inline Bytes picture_chunk(const Bytes& simple) { return Bytes(simple.begin() + 12, simple.end()); }

struct WebpParts {
  Bytes icc = {}, exif = {}, xmp = {};
};
/// The simple file with metadata.
inline Bytes webp_with(const Bytes& simple, int width, int height, const WebpParts& parts) {
  constexpr int icc_flag = 0x20, exif_flag = 0x08, xmp_flag = 0x04;
  const int flags =
      (parts.icc.empty() ? 0 : icc_flag) | (parts.exif.empty() ? 0 : exif_flag) | (parts.xmp.empty() ? 0 : xmp_flag);
  Bytes chunks = webp_header(width, height, flags);
  if (!parts.icc.empty()) chunks = chunks + riff_chunk("ICCP", parts.icc);
  chunks = chunks + picture_chunk(simple);
  if (!parts.exif.empty()) chunks = chunks + riff_chunk("EXIF", parts.exif);
  if (!parts.xmp.empty()) chunks = chunks + riff_chunk("XMP ", parts.xmp);
  return riff(chunks);
}
/// Two pictures of one size, one after the other.
inline Bytes animated_webp(const Bytes& first, const Bytes& second, int width, int height) {
  constexpr int animation_flag = 0x02;
  const auto frame = [&](const Bytes& simple) {
    return riff_chunk("ANMF", Bytes(6) + little(width - 1, 3) + little(height - 1, 3) + little(100, 3) + Bytes(1) +
                                  picture_chunk(simple));
  };
  return riff(webp_header(width, height, animation_flag) + riff_chunk("ANIM", Bytes(6)) + frame(first) + frame(second));
}

}  // namespace duhdr::files
