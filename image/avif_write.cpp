// SPDX-License-Identifier: Apache-2.0
#include "image/avif_write.h"

#ifdef DUHDR_WITH_AVIF
#include <algorithm>
#include <cmath>
#include <memory>

#include <avif/avif.h>

#include "tensor/parallel.h"
#endif

namespace duhdr {

#ifdef DUHDR_WITH_AVIF
namespace {

constexpr bool states_levels = AVIF_VERSION >= 1'000'000;
constexpr int speed = 6;  // of 0 (best) to 10
constexpr int most_threads = 64;

void check(avifResult result) {
  if (result == AVIF_RESULT_OK) return;
  const bool memory = result == AVIF_RESULT_OUT_OF_MEMORY;
  throw Error(memory ? ExitCode::out_of_memory : ExitCode::internal,
              message("AVIF encoding failed: ", avifResultToString(result)));
}

template <class T>
T* made(T* object) {
  if (object == nullptr) throw Error(ExitCode::out_of_memory, "not enough memory to encode an AVIF");
  return object;
}

using ImageOwner = std::unique_ptr<avifImage, decltype(&avifImageDestroy)>;
using EncoderOwner = std::unique_ptr<avifEncoder, decltype(&avifEncoderDestroy)>;

ImageOwner image_of(const PqPicture& picture) {
  ImageOwner image(
      made(avifImageCreate(static_cast<std::uint32_t>(picture.width), static_cast<std::uint32_t>(picture.height),
                           static_cast<std::uint32_t>(picture.depth), AVIF_PIXEL_FORMAT_YUV444)),
      avifImageDestroy);
  image->yuvRange = AVIF_RANGE_FULL;
  image->colorPrimaries = static_cast<avifColorPrimaries>(PqCodePoints::rec2020);
  image->transferCharacteristics = static_cast<avifTransferCharacteristics>(PqCodePoints::pq);
  image->matrixCoefficients = static_cast<avifMatrixCoefficients>(PqCodePoints::rec2020_luma);
#if AVIF_VERSION >= 1000000
  constexpr double largest = 65535;
  image->clli.maxCLL = static_cast<std::uint16_t>(std::min(std::ceil(picture.max_light), largest));
  image->clli.maxPALL = static_cast<std::uint16_t>(std::min(std::ceil(picture.mean_light), largest));
#endif
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, image.get());
  rgb.format = AVIF_RGB_FORMAT_RGB;
  rgb.rowBytes = static_cast<std::uint32_t>(picture.width) * 3 * sizeof(std::uint16_t);
  rgb.pixels = reinterpret_cast<std::uint8_t*>(const_cast<std::uint16_t*>(picture.codes.data()));  // only read
  check(avifImageRGBToYUV(image.get(), &rgb));
  return image;
}

void add_metadata(avifImage& image, const Metadata& metadata) {
  const auto* exif = reinterpret_cast<const std::uint8_t*>(metadata.exif.data());
  const auto* xmp = reinterpret_cast<const std::uint8_t*>(metadata.xmp.data());
#if AVIF_VERSION >= 1000000
  check(avifImageSetMetadataExif(&image, exif, metadata.exif.size()));
  check(avifImageSetMetadataXMP(&image, xmp, metadata.xmp.size()));
#else
  avifImageSetMetadataExif(&image, exif, metadata.exif.size());
  avifImageSetMetadataXMP(&image, xmp, metadata.xmp.size());
#endif
}

}  // namespace

std::string_view avif_unavailable() { return {}; }

std::string_view avif_shortcoming() {
  return states_levels ? "" : "files do not state MaxCLL and MaxFALL, for which libavif 1.0 is needed";
}

Bytes encode_avif(const PqPicture& picture, int quality, const Metadata& metadata) {
  DUHDR_CHECK((picture.depth == 10 || picture.depth == 12) && quality >= 1 && quality <= 100, "an AVIF of ",
              picture.depth, " bits, quality ", quality);
  const ImageOwner image = image_of(picture);
  add_metadata(*image, metadata);
  const EncoderOwner encoder(made(avifEncoderCreate()), avifEncoderDestroy);
  encoder->speed = speed;
  encoder->maxThreads = std::clamp(cpu_threads(), 1, most_threads);
#if AVIF_VERSION >= 1000000
  encoder->quality = quality;
#else
  encoder->minQuantizer = encoder->maxQuantizer = ((100 - quality) * AVIF_QUANTIZER_WORST_QUALITY + 50) / 100;
#endif
  avifRWData file = AVIF_DATA_EMPTY;
  const std::unique_ptr<avifRWData, decltype(&avifRWDataFree)> owner(&file, avifRWDataFree);
  check(avifEncoderWrite(encoder.get(), image.get(), &file));
  const auto* first = reinterpret_cast<const std::byte*>(file.data);
  return Bytes(first, first + file.size);
}

#else

std::string_view avif_unavailable() {
  return "this program was built without libavif (Debian: libavif-dev); build it again with it";
}

std::string_view avif_shortcoming() { return {}; }

Bytes encode_avif(const PqPicture&, int, const Metadata&) {
  throw Error(ExitCode::usage, message("AVIF: ", avif_unavailable()));
}

#endif

}  // namespace duhdr
