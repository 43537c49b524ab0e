// SPDX-License-Identifier: Apache-2.0
// What decoders do with the colours that a file states.
#include <algorithm>
#include <optional>

#include "image/decode.h"
#include "image/icc.h"
#include "tensor/parallel.h"

namespace duhdr::decode {
namespace {

constexpr std::int64_t least_range = 8192;  // values for a thread

bool is_grey(const Tensor& pixels) {
  const float* rgb = pixels.data<float>();
  for (const float* end = rgb + pixels.numel(); rgb != end; rgb += 3)
    if (rgb[0] != rgb[1] || rgb[0] != rgb[2]) return false;
  return true;
}

/// What lies outside of sRGB is cut off; what is not a number becomes 0.
void clip(Tensor& pixels) {
  float* value = pixels.mutable_data<float>();
  parallel_range(pixels.numel(), least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) value[i] = value[i] > 0.0f ? std::min(value[i], 1.0f) : 0.0f;
  });
}

void convert(Image& image, const ColourTransform& transform) {
  const bool display = image.referred == Image::Referred::display;
  if (display && transform.moves_nothing()) return;
  Tensor pixels(image.pixels.shape(), DType::f32);
  transform.apply(image.pixels.data<float>(), pixels.mutable_data<float>(), pixels.numel() / 3);
  if (display) clip(pixels);
  image.pixels = pixels;
}

/// Why a profile is not applied, as a warning; none where its name says that nothing is lost.
void warn_unused(Image& image, std::span<const std::byte> profile, const std::string& instead) {
  const std::optional<std::string> description = icc_description(profile);
  if (!description)
    warn(image, message("broken ICC profile; ", instead));
  else if (!describes_srgb(*description))
    warn(image, message("ICC profile \"", escaped(*description, 60), "\" ",
                        ColourTransform::available ? "cannot be used" : "is not applied (built without lcms2)", "; ",
                        instead));
}

}  // namespace

void apply_icc(Image& image, std::span<const std::byte> profile) {
  image.icc.assign(profile.begin(), profile.end());
  const bool light = image.referred == Image::Referred::scene;
  const auto transform = light ? ColourTransform::to_light(profile) : ColourTransform::to_srgb(profile);
  if (!transform)
    warn_unused(image, profile, light ? "treated as linear Rec. 709" : "treated as sRGB");
  else if (transform->is_grey() && !is_grey(image.pixels))
    warn(image, "ICC profile of grey pictures in a coloured one; treated as sRGB");
  else
    convert(image, *transform);
}

void apply_colours(Image& image, const StatedColours& colours, const std::string& text) {
  if (is_rec709(colours.primaries) && colours.exponent == 0) return;
  if (const auto transform = ColourTransform::to_srgb(colours))
    convert(image, *transform);
  else
    warn(image, message(text, ColourTransform::available ? " cannot be used" : " is not applied (built without lcms2)",
                        "; treated as sRGB"));
}

void apply_code_points(Image& image, const CodePoints& points, const std::string& name) {
  if (const std::string_view transfer = hdr_transfer(points); !transfer.empty())
    refuse(name, "a picture for HDR displays, not a photograph (its codes are ", transfer, ", not those of SDR)");
  const std::string text = message("colours of primaries ", points.primaries, " and transfer ", points.transfer);
  if (const auto colours = stated_colours(points))
    apply_colours(image, *colours, text);
  else
    warn(image, text + " are not known; treated as sRGB");
}

void apply_inks(Image& image, const Tensor& inks, std::span<const std::byte> profile) {
  const Shape& shape = inks.shape();
  image.icc.assign(profile.begin(), profile.end());
  image.pixels = Tensor(shape.with(3, 3), DType::f32);
  const float* ink = inks.data<float>();
  float* rgb = image.pixels.mutable_data<float>();
  const std::int64_t pixels = inks.numel() / 4;
  if (const auto transform = profile.empty() ? std::nullopt : ColourTransform::to_srgb(profile, true)) {
    transform->apply(ink, rgb, pixels);
    clip(image.pixels);
    return;
  }
  constexpr const char* instead = "inks are multiplied out, which is far from how they print";
  if (profile.empty())
    warn(image, message("CMYK without a colour profile; ", instead));
  else
    warn_unused(image, profile, instead);
  parallel_range(pixels, least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t c = 0; c < 3; ++c) rgb[3 * i + c] = (1 - ink[4 * i + c]) * (1 - ink[4 * i + 3]);
  });
}

}  // namespace duhdr::decode
