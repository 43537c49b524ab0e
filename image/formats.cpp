// SPDX-License-Identifier: Apache-2.0
#include "image/formats.h"

#include <algorithm>
#include <limits>

#include "image/avif_write.h"
#include "image/bytes.h"
#include "image/decode.h"
#include "image/display_gain.h"
#include "image/encode.h"
#include "image/jpeg_strip.h"
#include "image/orientation.h"
#include "image/ultra_hdr.h"

namespace duhdr {
namespace {

using namespace std::string_view_literals;

constexpr auto scene = Image::Referred::scene, display = Image::Referred::display;
constexpr std::size_t smallest_file = 10;  // of a PGM with one pixel; every other format needs more

// Decoders of libraries that the build may lack.
#if DUHDR_WITH_LIBTIFF
constexpr Format::Decode* tiff_decoder = decode::tiff;
#else
constexpr Format::Decode* tiff_decoder = nullptr;
#endif
#if DUHDR_WITH_LIBWEBP
constexpr Format::Decode* webp_decoder = decode::webp;
#else
constexpr Format::Decode* webp_decoder = nullptr;
#endif
#if DUHDR_WITH_LIBHEIF
constexpr Format::Decode* heif_decoder = decode::heif;
#else
constexpr Format::Decode* heif_decoder = nullptr;
#endif

Bytes exr_of(const Output& o) {
  ExrOptions options{.half = o.options.half,
                     .compression = o.options.compression,
                     .chromaticities = o.options.primaries,
                     .white_luminance = o.white_luminance,
                     .attributes = o.attributes,
                     .layers = o.layers};
  const ExrAttributes found = exr_attributes(o.metadata);
  options.attributes.insert(found.texts.begin(), found.texts.end());
  options.numbers = found.numbers;
  for (auto& [name, layer] : options.layers)
    if (layer.shape().c() == 3) layer = in_primaries(layer, o.options.primaries);
  return encode_exr(in_primaries(o.pixels, o.options.primaries), options);
}

const Photograph& photograph_of(const Output& o) {
  DUHDR_CHECK(o.photograph != nullptr, "what a display shows is made around a photograph");
  return *o.photograph;
}

Tensor gain_of(const Output& o, double most) {
  return display_gain(o.pixels, o.layers.at("linear"), o.layers.at("mask"), o.options.colour_gain, most);
}

PqPicture pq_picture_of(const Output& o, int depth) {
  const DisplayLight light = display_light(photograph_of(o).codes, gain_of(o, std::numeric_limits<double>::infinity()));
  return make_pq_picture(light, o.options.white, o.options.peak, depth);
}

Bytes avif_of(const Output& o) { return encode_avif(pq_picture_of(o, o.options.depth), o.options.quality, o.metadata); }

/// The base as it is where it is a JPEG; the map lies as the base stores its pixels.
Bytes ultra_hdr_of(const Output& o) {
  const Photograph& photograph = photograph_of(o);
  const bool is_jpeg = !photograph.jpeg.empty();
  const Tensor &linear = o.layers.at("linear"), &mask = o.layers.at("mask");
  const double most = o.options.peak / o.options.white;
  const Tensor gain =
      o.options.colour_gain ? display_gain_in(photograph.icc, o.pixels, linear, mask, most) : gain_of(o, most);
  const GainMap map = make_gain_map(as_stored(gain, is_jpeg ? photograph.orientation : 1), o.options.map_size);
  const std::string name = "photograph";
  if (!is_jpeg) return encode_ultra_hdr(encode_jpeg(codes_of(photograph.codes), o.options.quality), map, name);
  if (!o.options.strip_metadata) return encode_ultra_hdr(photograph.jpeg, map, name);
  return encode_ultra_hdr(without_metadata(photograph.jpeg, photograph.orientation, name), map, name);
}

std::vector<Format> all_formats() {
  return {
      {.name = "exr",
       .title = "OpenEXR",
       .extensions = {"exr"},
       .referred = scene,
       .marks = {{"\x76\x2F\x31\x01"sv}},
       .decode = decode::exr,
       .encode = exr_of,
       .holds_layers = true,
       .holds_metadata = true,
       .uses = {.exr = true, .primaries = true}},
      {.name = "hdr",
       .title = "Radiance HDR",
       .extensions = {"hdr", "pic"},
       .referred = scene,
       .marks = {{"#?"sv}},
       .decode = decode::radiance,
       .encode =
           [](const Output& o) {
             return encode_hdr(in_primaries(o.pixels, o.options.primaries), o.attributes, o.options.primaries);
           },
       .uses = {.primaries = true}},
      {.name = "pfm",
       .title = "PFM",
       .extensions = {"pfm"},
       .referred = scene,
       .marks = {{"PF\n"sv}, {"Pf\n"sv}, {"PF\r\n"sv}, {"Pf\r\n"sv}, {"PF "sv}, {"Pf "sv}},
       .decode = decode::pfm,
       .encode = [](const Output& o) { return encode_pfm(o.pixels); }},
      {.name = "png",
       .title = "PNG",
       .extensions = {"png", "apng"},
       .referred = display,
       .marks = {{"\x89PNG\r\n\x1A\n"sv}},
       .decode = decode::png,
       .encode = [](const Output& o) { return encode_png8(codes_of(o.pixels)); },
       .keeps = {.exif = true, .icc = true, .xmp = true}},
      {.name = "jpeg",
       .title = "JPEG",
       .extensions = {"jpg", "jpeg", "jpe", "jfif"},
       .referred = display,
       .marks = {{"\xFF\xD8\xFF"sv}},
       .decode = decode::jpeg,
       .encode = [](const Output& o) { return encode_jpeg(codes_of(o.pixels), o.options.quality); },
       .uses = {.quality = true},
       .keeps = {.exif = true, .icc = true, .xmp = true}},
      {.name = "bmp",
       .title = "BMP",
       .extensions = {"bmp", "dib"},
       .referred = display,
       .marks = {{"BM"sv}},
       .decode = decode::bmp},
      {.name = "gif",
       .title = "GIF",
       .extensions = {"gif"},
       .referred = display,
       .marks = {{"GIF87a"sv}, {"GIF89a"sv}},
       .decode = decode::gif},
      {.name = "psd",
       .title = "PSD",
       .extensions = {"psd"},
       .referred = display,
       .marks = {{"8BPS\0\1"sv}},
       .decode = decode::psd},
      {.name = "pnm",
       .title = "PGM/PPM",
       .extensions = {"ppm", "pgm", "pnm"},
       .referred = display,
       .marks = {{"P5\n"sv}, {"P6\n"sv}, {"P5\r\n"sv}, {"P6\r\n"sv}, {"P5 "sv}, {"P6 "sv}},
       .decode = decode::pnm},
      {.name = "tga",
       .title = "TGA",
       .extensions = {"tga"},
       .referred = display,
       .plausible = decode::looks_like_tga,
       .decode = decode::tga},
      {.name = "tiff",
       .title = "TIFF",
       .extensions = {"tif", "tiff"},
       .referred = display,
       .marks = {{"II*\0"sv}, {"MM\0*"sv}, {"II+\0"sv}, {"MM\0+"sv}},
       .decode = tiff_decoder,
       .library = "libtiff",
       .keeps = {.icc = true, .xmp = true}},
      {.name = "webp",
       .title = "WebP",
       .extensions = {"webp"},
       .referred = display,
       .marks = {{"WEBP"sv, 8}},
       .decode = webp_decoder,
       .library = "libwebp",
       .keeps = {.exif = true, .icc = true, .xmp = true}},
      {.name = "heif",
       .title = "HEIC",
       .extensions = {"heic", "heif", "hif"},
       .referred = display,
       .marks = {{"ftyphei"sv, 4}, {"ftyphev"sv, 4}, {"ftypmif1"sv, 4}, {"ftypmsf1"sv, 4}},
       .decode = heif_decoder,
       .library = "libheif",
       .keeps = {.exif = true, .icc = true, .xmp = true}},
      {.name = "avif",
       .title = "AVIF",
       .extensions = {"avif"},
       .referred = display,
       .marks = {{"ftypavif"sv, 4}, {"ftypavis"sv, 4}},
       .decode = heif_decoder,
       .library = "libheif",
       .keeps = {.exif = true, .icc = true, .xmp = true}},
      {.title = "JPEG XL", .marks = {{"\xFF\x0A"sv}, {"JXL "sv, 4}}},
      {.title = "PNM as text or of two colours", .marks = {{"P1\n"sv}, {"P2\n"sv}, {"P3\n"sv}, {"P4\n"sv}}},
      {.name = "uhdr",
       .title = "Ultra HDR JPEG",
       .extensions = {"jpg", "jpeg"},  // read as "jpeg"
       .referred = scene,
       .encode = ultra_hdr_of,
       .shows_photograph = true,
       .keeps_jpeg = true,
       .uses = {.quality = true, .map_size = true, .display = true}},
      {.name = "png-pq",
       .title = "PQ PNG",
       .extensions = {"png"},  // read as "png"
       .referred = scene,
       .encode = [](const Output& o) { return encode_png_pq(pq_picture_of(o, 16), o.metadata); },
       .holds_metadata = true,
       .shows_photograph = true,
       .uses = {.display = true}},
      {.name = "avif",
       .title = "AVIF",
       .extensions = {"avif"},
       .referred = scene,
       .encode = avif_unavailable().empty() ? avif_of : nullptr,
       .unavailable = avif_unavailable(),
       .shortcoming = avif_shortcoming(),
       .holds_metadata = true,
       .shows_photograph = true,
       .uses = {.quality = true, .depth = true, .display = true}},
  };
}

}  // namespace

const std::vector<Format>& formats() {
  static const std::vector<Format> table = all_formats();
  return table;
}

std::string extension_of(const std::filesystem::path& path) {
  std::string text = path.extension().native();
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text.empty() ? text : text.substr(1);
}

const Format* format_of(std::string_view extension) {
  const auto found = std::ranges::find_if(formats(), [&](const Format& format) {
    return std::ranges::find(format.extensions, extension) != format.extensions.end();
  });
  return found == formats().end() ? nullptr : &*found;
}

const Format* written_format(std::string_view text, Image::Referred kind) {
  const auto found = std::ranges::find_if(formats(), [&](const Format& format) {
    return (format.encode != nullptr || !format.unavailable.empty()) && format.referred == kind &&
           (format.name == text || std::ranges::find(format.extensions, text) != format.extensions.end());
  });
  return found == formats().end() ? nullptr : &*found;
}

const Format* recognised(std::span<const std::byte> bytes, std::string_view extension) {
  if (bytes.size() < smallest_file) return nullptr;
  const ByteView view(bytes);
  const auto found = std::ranges::find_if(formats(), [&](const Format& format) {
    return std::ranges::any_of(format.marks,
                               [&](const Mark& mark) { return view.starts_with(mark.magic, mark.offset); });
  });
  if (found != formats().end()) return &*found;
  const Format* named = format_of(extension);
  return named != nullptr && named->plausible != nullptr && named->plausible(bytes) ? named : nullptr;
}

std::string readable_formats(std::optional<Image::Referred> referred) {
  std::vector<std::string_view> titles;
  for (const Format& format : formats())
    if (format.decode != nullptr && format.referred == referred.value_or(format.referred))
      titles.push_back(format.title);
  std::string text;
  for (std::size_t i = 0; i < titles.size(); ++i) {
    if (i > 0) text += i + 1 < titles.size() ? ", " : " or ";
    text += titles[i];
  }
  return text;
}

std::vector<std::string> written_formats(Image::Referred referred) {
  std::vector<std::string> names;
  for (const Format& format : formats())
    if (format.encode != nullptr && format.referred == referred) names.emplace_back(format.extensions.front());
  return names;
}

bool names_picture(const std::filesystem::path& path, Image::Referred referred) {
  const Format* format = format_of(extension_of(path));
  return format != nullptr && format->decode != nullptr && format->referred == referred;
}

}  // namespace duhdr
