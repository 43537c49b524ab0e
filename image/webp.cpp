// SPDX-License-Identifier: Apache-2.0
// WebP by libwebp, lossy and lossless; of an animation the first picture.
#include <memory>

#include <webp/decode.h>
#include <webp/demux.h>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr::decode {
namespace {

using Demuxer = std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)>;

const std::uint8_t* data_of(std::span<const std::byte> bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

Bytes chunk_of(const WebPDemuxer* demuxer, const char* name) {
  WebPChunkIterator chunk{};
  Bytes found;
  if (WebPDemuxGetChunk(demuxer, name, 1, &chunk) != 0) {
    const auto* first = reinterpret_cast<const std::byte*>(chunk.chunk.bytes);
    found.assign(first, first + chunk.chunk.size);
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return found;
}

std::string reason(int status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "the file ends too early";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "an unsupported feature";
    default:
      return message("broken picture data (libwebp's status ", status, ")");
  }
}

/// What the demuxer finds of the file before any picture is decoded.
Demuxer open(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const ByteView view(bytes, std::endian::little);
  const std::uint64_t stated = view.u32(4).value_or(0);
  constexpr std::uint64_t before = 8;  // "RIFF" and the size of what follows
  WebPBitstreamFeatures features{};
  const VP8StatusCode status = WebPGetFeatures(data_of(bytes), bytes.size(), &features);
  if (status != VP8_STATUS_OK) refuse(name, "damaged WebP: ", reason(status));
  check_size(name, static_cast<std::uint64_t>(features.width), static_cast<std::uint64_t>(features.height), limits);
  if (stated + before > bytes.size())
    refuse(name, "damaged WebP: the file ends too early (", bytes.size(), " bytes, ", stated + before, " stated)");
  const WebPData data{data_of(bytes), static_cast<std::size_t>(stated + before)};
  Demuxer demuxer(WebPDemux(&data), &WebPDemuxDelete);
  if (!demuxer) refuse(name, "damaged WebP: broken chunks");
  return demuxer;
}

/// Codes of the first picture as [0, 1] R G B.
Tensor first_picture(const WebPIterator& frame, const std::string& name, const ReadLimits& limits) {
  WebPBitstreamFeatures features{};
  WebPDecoderConfig config{};
  if (WebPInitDecoderConfig(&config) == 0) throw Error(ExitCode::internal, "libwebp of another version");
  VP8StatusCode status = WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &features);
  if (status != VP8_STATUS_OK) refuse(name, "damaged WebP: ", reason(status));
  const auto width = static_cast<std::uint64_t>(features.width), height = static_cast<std::uint64_t>(features.height);
  check_size(name, width, height, limits);
  Bytes codes(3 * width * height);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {reinterpret_cast<std::uint8_t*>(codes.data()), features.width * 3, codes.size()};
  status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  if (status != VP8_STATUS_OK) refuse(name, "damaged WebP: ", reason(status));
  Tensor pixels({1, features.height, features.width, 3}, DType::f32);
  float* to = pixels.mutable_data<float>();
  for (const std::byte code : codes) *to++ = static_cast<float>(std::to_integer<int>(code)) / 255.0f;
  return pixels;
}

}  // namespace

Image webp(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const Demuxer demuxer = open(bytes, name, limits);
  WebPIterator frame{};
  const std::unique_ptr<WebPIterator, decltype(&WebPDemuxReleaseIterator)> release(&frame, &WebPDemuxReleaseIterator);
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0 || frame.complete == 0)
    refuse(name, "damaged WebP: no complete picture");
  Image image;
  image.pixels = first_picture(frame, name, limits);
  if (frame.has_alpha != 0) warn(image, "transparency is ignored");
  if (frame.num_frames > 1) warn(image, "animated WebP; only its first picture is used");
  if (const Bytes profile = chunk_of(demuxer.get(), "ICCP"); !profile.empty()) apply_icc(image, profile);
  image.exif = chunk_of(demuxer.get(), "EXIF");
  image.xmp = chunk_of(demuxer.get(), "XMP ");
  apply_orientation(image);
  const std::uint64_t used = ByteView(bytes, std::endian::little).u32(4).value_or(0) + 8;
  warn_trailing(image, bytes.size() - used);
  return image;
}

}  // namespace duhdr::decode
