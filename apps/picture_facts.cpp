// SPDX-License-Identifier: Apache-2.0
#include "apps/picture_facts.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "image/colour.h"

namespace duhdr {
namespace {

double at_share(std::vector<float>& values, double share) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}

}  // namespace

PictureFacts facts_of(const Image& image, double clip_level) {
  PictureFacts facts{image.format, image.width(), image.height(), 0, 0, 0, 0};
  const float* values = image.pixels.data<float>();
  const std::int64_t pixels = image.pixels.numel() / 3;
  double sum = 0;
  for (std::int64_t i = 0; i < 3 * pixels; ++i) sum += static_cast<double>(values[i]);
  const double mean = sum / static_cast<double>(3 * pixels);
  const bool display = image.referred == Image::Referred::display;
  const double level = display ? 249.0 / 255 : clip_level > 0 ? clip_level : 2 * mean;
  std::vector<float> light(static_cast<std::size_t>(pixels)), above_zero;
  std::int64_t clipped = 0;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const float *p = values + 3 * i, most = std::max({p[0], p[1], p[2]});
    clipped += static_cast<double>(most) >= level && most > 0 ? 1 : 0;
    const float value = luminance(p[0], p[1], p[2]);
    light[static_cast<std::size_t>(i)] = value;
    if (value > 0) above_zero.push_back(value);
  }
  facts.clipped = static_cast<double>(clipped) / static_cast<double>(pixels);
  facts.largest = static_cast<double>(*std::max_element(light.begin(), light.end()));
  facts.median = at_share(light, 0.5);
  if (!above_zero.empty()) facts.stops = std::log2(facts.largest / at_share(above_zero, 0.01));
  return facts;
}

Image read_whole(const std::filesystem::path& path, Image::Referred wanted) {
  Image image = read_image(path);
  if (image.referred != wanted)
    throw Error(ExitCode::bad_image,
                message(shown(path), ": not ", wanted == Image::Referred::scene ? "an HDR image" : "a photograph", " (",
                        image.format, ")"));
  return image;
}

std::optional<double> exposure_ratio(const Image& photograph, const Image& light) {
  std::vector<float> ratios;
  const float *code = photograph.pixels.data<float>(), *h = light.pixels.data<float>();
  const std::int64_t pixels = photograph.pixels.numel() / 3, step = std::max<std::int64_t>(1, pixels >> 16);
  for (std::int64_t i = 0; i < 3 * pixels; i += 3 * step) {
    if (std::min({code[i], code[i + 1], code[i + 2]}) < 0.1f || std::max({code[i], code[i + 1], code[i + 2]}) > 0.8f)
      continue;
    const float below = luminance(h[i], h[i + 1], h[i + 2]);
    const float above = luminance(srgb_to_linear(code[i]), srgb_to_linear(code[i + 1]), srgb_to_linear(code[i + 2]));
    if (below > 0) ratios.push_back(above / below);
  }
  if (ratios.empty()) return std::nullopt;
  return at_share(ratios, 0.5);
}

}  // namespace duhdr
