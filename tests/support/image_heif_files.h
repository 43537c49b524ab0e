// SPDX-License-Identifier: Apache-2.0
// HEIC and AVIF files made at test time by libheif, where it has the encoder.
#pragma once

#include <libheif/heif.h>

#include "tests/support/image_files.h"

namespace duhdr::files {

struct HeifOptions {
  heif_compression_format format = heif_compression_AV1;
  int bits = 8;  // 10: codes of 8 bits times 1023 / 255
  Bytes icc = {}, exif = {};
  int primaries = 0, transfer = 0;  // "nclx", where not 0
  int orientation = 1;              // as in EXIF, written as the properties "irot" and "imir"
};

/// Whether both directions of the format are there.
inline bool has_heif(heif_compression_format format) {
  return heif_have_encoder_for_format(format) != 0 && heif_have_decoder_for_format(format) != 0;
}

/// RGB of 3 channels; empty when it cannot be encoded.
inline Bytes heif_file(const Codes& codes, const HeifOptions& options = {}) {
  heif_context* context = heif_context_alloc();
  heif_encoder* encoder = nullptr;
  heif_image* picture = nullptr;
  heif_image_handle* handle = nullptr;
  heif_context_get_encoder_for_format(context, options.format, &encoder);
  heif_encoder_set_lossy_quality(encoder, 95);
  heif_image_create(codes.width, codes.height, heif_colorspace_RGB,
                    options.bits > 8 ? heif_chroma_interleaved_RRGGBB_LE : heif_chroma_interleaved_RGB, &picture);
  heif_image_add_plane(picture, heif_channel_interleaved, codes.width, codes.height, options.bits);
  int stride = 0;
  std::uint8_t* plane = heif_image_get_plane(picture, heif_channel_interleaved, &stride);
  for (int y = 0; y < codes.height; ++y)
    for (int i = 0; i < 3 * codes.width; ++i) {
      const int code = codes.data[static_cast<std::size_t>(y * codes.width * 3 + i)];
      std::uint8_t* row = plane + static_cast<std::ptrdiff_t>(y) * stride;
      if (options.bits == 8) {
        row[i] = static_cast<std::uint8_t>(code);
      } else {
        const int wide = (code * 1023 + 127) / 255;
        row[2 * i] = static_cast<std::uint8_t>(wide & 0xFF);
        row[2 * i + 1] = static_cast<std::uint8_t>(wide >> 8);
      }
    }
  if (!options.icc.empty()) heif_image_set_raw_color_profile(picture, "prof", options.icc.data(), options.icc.size());
  if (options.primaries != 0) {
    heif_color_profile_nclx* nclx = heif_nclx_color_profile_alloc();
    nclx->color_primaries = static_cast<heif_color_primaries>(options.primaries);
    nclx->transfer_characteristics = static_cast<heif_transfer_characteristics>(options.transfer);
    nclx->matrix_coefficients = heif_matrix_coefficients_ITU_R_BT_601_6;
    nclx->full_range_flag = 1;
    heif_image_set_nclx_color_profile(picture, nclx);
    heif_nclx_color_profile_free(nclx);
  }
  heif_encoding_options* how = heif_encoding_options_alloc();
  how->macOS_compatibility_workaround_no_nclx_profile = 0;
  how->image_orientation = static_cast<heif_orientation>(options.orientation);
  const heif_error error = heif_context_encode_image(context, picture, encoder, how, &handle);
  if (error.code == heif_error_Ok && !options.exif.empty())
    heif_context_add_exif_metadata(context, handle, options.exif.data(), static_cast<int>(options.exif.size()));
  Bytes out;
  heif_writer writer{1, [](heif_context*, const void* data, std::size_t size, void* to) {
                       const auto* first = static_cast<const std::byte*>(data);
                       static_cast<Bytes*>(to)->assign(first, first + size);
                       return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
                     }};
  if (error.code == heif_error_Ok) heif_context_write(context, &writer, &out);
  heif_encoding_options_free(how);
  if (handle != nullptr) heif_image_handle_release(handle);
  heif_image_release(picture);
  heif_encoder_release(encoder);
  heif_context_free(context);
  return out;
}

}  // namespace duhdr::files
