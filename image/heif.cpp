// SPDX-License-Identifier: Apache-2.0
// HEIC and AVIF by libheif: the primary picture. The library turns and mirrors it as the file's own properties say; by
// the format's rules the orientation in EXIF is for information only.
#include <algorithm>
#include <memory>

#include <libheif/heif.h>

#include "image/bytes.h"
#include "image/decode.h"

namespace duhdr::decode {
namespace {

template <auto release>
struct Releases {
  template <class Object>
  void operator()(Object* object) const {
    release(object);
  }
};
using Context = std::unique_ptr<heif_context, Releases<heif_context_free>>;
using Handle = std::unique_ptr<heif_image_handle, Releases<heif_image_handle_release>>;
using Picture = std::unique_ptr<heif_image, Releases<heif_image_release>>;
using Options = std::unique_ptr<heif_decoding_options, Releases<heif_decoding_options_free>>;
using Nclx = std::unique_ptr<heif_color_profile_nclx, Releases<heif_nclx_color_profile_free>>;

void check(const heif_error& error, const std::string& name) {
  if (error.code == heif_error_Ok) return;
  const std::string text = escaped(error.message != nullptr ? error.message : "no reason given", 120);
  if (error.code == heif_error_Unsupported_filetype || error.code == heif_error_Unsupported_feature)
    refuse(name, "unsupported HEIF (", text, ")");
  if (error.code == heif_error_Memory_allocation_error && error.subcode != heif_suberror_Security_limit_exceeded)
    throw std::bad_alloc();
  refuse(name, "damaged HEIF: ", text);
}

/// A library may come without the decoder of one of the two.
void check_decoders(std::span<const std::byte> bytes, const std::string& name) {
  const bool avif = ByteView(bytes).starts_with("ftypavi", 4);
  if (heif_have_decoder_for_format(avif ? heif_compression_AV1 : heif_compression_HEVC) == 0)
    refuse(name, "this build cannot read ", avif ? "AVIF" : "HEIC", ": its libheif has no decoder for it");
}

/// The first block of metadata of the kind; of EXIF without the offset that HEIF puts before it.
Bytes metadata_of(const heif_image_handle* handle, bool exif) {
  heif_item_id ids[16];
  const int count = heif_image_handle_get_list_of_metadata_block_IDs(handle, exif ? "Exif" : "mime", ids, 16);
  for (int i = 0; i < count; ++i) {
    const std::string_view type(heif_image_handle_get_metadata_content_type(handle, ids[i]));
    if (!exif && type != "application/rdf+xml") continue;
    Bytes block(heif_image_handle_get_metadata_size(handle, ids[i]));
    if (block.empty() || heif_image_handle_get_metadata(handle, ids[i], block.data()).code != heif_error_Ok) continue;
    if (!exif) return block;
    const std::uint64_t at = 4 + std::uint64_t{ByteView(block).u32(0).value_or(0)};
    if (const auto rest = ByteView(block).part(at, block.size() - std::min<std::uint64_t>(at, block.size())))
      return {rest->begin(), rest->end()};
  }
  return {};
}

Bytes profile_of(const heif_image_handle* handle) {
  const heif_color_profile_type type = heif_image_handle_get_color_profile_type(handle);
  if (type != heif_color_profile_type_rICC && type != heif_color_profile_type_prof) return {};
  Bytes profile(heif_image_handle_get_raw_color_profile_size(handle));
  if (heif_image_handle_get_raw_color_profile(handle, profile.data()).code != heif_error_Ok) return {};
  return profile;
}

CodePoints code_points_of(const heif_image_handle* handle) {
  heif_color_profile_nclx* found = nullptr;
  if (heif_image_handle_get_nclx_color_profile(handle, &found).code != heif_error_Ok) return {};
  const Nclx owner(found);
  return {static_cast<std::uint32_t>(found->color_primaries),
          static_cast<std::uint32_t>(found->transfer_characteristics)};
}

/// Codes as [0, 1] R G B: interleaved, of 8 bits or of more in two bytes.
Tensor pixels_of(const heif_image* picture, const std::string& name, const ReadLimits& limits) {
  const int width = heif_image_get_width(picture, heif_channel_interleaved),
            height = heif_image_get_height(picture, heif_channel_interleaved),
            bits = heif_image_get_bits_per_pixel_range(picture, heif_channel_interleaved);
  int stride = 0;
  const std::uint8_t* plane = heif_image_get_plane_readonly(picture, heif_channel_interleaved, &stride);
  if (plane == nullptr || width <= 0 || height <= 0 || bits < 8 || bits > 16) refuse(name, "damaged HEIF: no picture");
  check_size(name, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height), limits);
  const auto largest = static_cast<float>((1 << bits) - 1);
  Tensor pixels({1, height, width, 3}, DType::f32);
  float* to = pixels.mutable_data<float>();
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* code = plane + static_cast<std::ptrdiff_t>(y) * stride;
    for (int i = 0; i < 3 * width; ++i)
      *to++ = static_cast<float>(bits == 8 ? code[i] : code[2 * i] | code[2 * i + 1] << 8) / largest;
  }
  return pixels;
}

}  // namespace

Image heif(std::span<const std::byte> bytes, const std::string& name, const ReadLimits& limits) {
  const Context context(heif_context_alloc());
  if (!context) throw std::bad_alloc();
  heif_context_set_maximum_image_size_limit(context.get(),
                                            static_cast<int>(std::min<std::int64_t>(limits.side, 1 << 20)));
  check(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr), name);
  heif_image_handle* found = nullptr;
  check(heif_context_get_primary_image_handle(context.get(), &found), name);
  const Handle handle(found);
  const auto side = [](int pixels) { return static_cast<std::uint64_t>(std::max(pixels, 0)); };
  check_size(name, side(heif_image_handle_get_width(found)), side(heif_image_handle_get_height(found)), limits);
  const CodePoints points = code_points_of(found);
  Image image;
  if (!hdr_transfer(points).empty()) apply_code_points(image, points, name);  // refuses, before anything is decoded

  check_decoders(bytes, name);
  const Options options(heif_decoding_options_alloc());
  if (!options) throw std::bad_alloc();
  options->strict_decoding = 1;
  const bool wide = heif_image_handle_get_luma_bits_per_pixel(found) > 8;
  heif_image* decoded = nullptr;
  const heif_error error =
      heif_decode_image(found, &decoded, heif_colorspace_RGB,
                        wide ? heif_chroma_interleaved_RRGGBB_LE : heif_chroma_interleaved_RGB, options.get());
  const Picture picture(decoded);
  check(error, name);
  image.pixels = pixels_of(picture.get(), name, limits);
  if (heif_image_handle_has_alpha_channel(found) != 0) warn(image, "transparency is ignored");
  if (heif_context_get_number_of_top_level_images(context.get()) > 1)
    warn(image, "more pictures in the file; only the primary one is used");
  if (const Bytes profile = profile_of(found); !profile.empty())
    apply_icc(image, profile);
  else
    apply_code_points(image, points, name);
  image.exif = metadata_of(found, true);
  image.xmp = metadata_of(found, false);
  return image;
}

}  // namespace duhdr::decode
