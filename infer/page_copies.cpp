// SPDX-License-Identifier: Apache-2.0
#include "infer/page_copies.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "image/colour.h"
#include "image/encode.h"
#include "image/preview.h"
#include "metrics/clipped_mask.h"

namespace duhdr {
namespace {

constexpr int photograph_quality = 92;
constexpr float darkest_light = 1 / 4096.f;  // of the clip level: below it nothing is said to be brighter

/// srgb_to_linear() by a table: exact for codes of 8 and 16 bits, to the nearest of 16 bits for others.
float light_of_code(float code) {
  constexpr int most = 65535;
  static const std::vector<float> table = [] {
    std::vector<float> light;
    for (int i = 0; i <= most; ++i) light.push_back(srgb_to_linear(static_cast<float>(i) / most));
    return light;
  }();
  return table[static_cast<std::size_t>(std::clamp(code, 0.f, 1.f) * most + 0.5f)];
}

Tensor as_tensor(std::int64_t height, std::int64_t width, std::int64_t channels, const std::vector<float>& values) {
  return Tensor::of<float>({1, height, width, channels}, values);
}

Bytes as_halves(const Tensor& light) {
  static_assert(std::endian::native == std::endian::little);
  Bytes bytes(static_cast<std::size_t>(light.numel()) * sizeof(f16));
  std::byte* out = bytes.data();
  for (const float *value = light.data<float>(), *end = value + light.numel(); value != end; ++value) {
    const f16 half(std::min(*value, largest_half));
    std::memcpy(out, &half.bits, sizeof half.bits);
    out += sizeof half.bits;
  }
  return bytes;
}

std::uint8_t code_of(float share) { return static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.f, 1.f))); }

Bytes invented_png(const PhotographCopy& photograph, const Tensor& light, const float* mask, double clip_level) {
  Tensor codes({1, photograph.height, photograph.width, 3}, DType::u8);
  std::uint8_t* out = codes.mutable_data<std::uint8_t>();
  const float *after = light.data<float>(), *before = photograph.light.data();
  const auto clip = static_cast<float>(clip_level);
  for (std::int64_t i = 0; i < photograph.height * photograph.width; ++i, after += 3, before += 3, out += 3) {
    const float made = luminance(after[0], after[1], after[2]) / clip;
    const float seen = luminance(before[0], before[1], before[2]);
    const float stops = std::log2(std::max(made, darkest_light) / std::max(seen, darkest_light));
    out[0] = code_of(mask[i]);
    out[1] = mask[i] > 0 ? code_of(stops / static_cast<float>(PageCopies::most_stops)) : std::uint8_t{0};
    out[2] = 0;
  }
  return encode_png8(codes);
}

double dazzle_of(const Tensor& light, double clip_level) {
  std::vector<float> largest;
  for (const float *p = light.data<float>(), *end = p + light.numel(); p != end; p += 3)
    largest.push_back(std::max({p[0], p[1], p[2]}));
  const auto place = largest.end() - 1 - static_cast<std::ptrdiff_t>(largest.size() / 1000);
  std::nth_element(largest.begin(), place, largest.end());
  return std::log2(std::max(static_cast<double>(*place) / clip_level, 1.0));
}

}  // namespace

LightHistogram light_histogram(const Tensor& pixels, double clip_level, float (*light_of)(float)) {
  DUHDR_CHECK(pixels.shape().rank() == 4 && pixels.shape().c() == 3 && pixels.numel() > 0, pixels.shape());
  LightHistogram histogram;
  constexpr int bins = static_cast<int>(std::tuple_size_v<decltype(histogram.shares)>);
  std::array<std::int64_t, std::size_t{bins}> counts{};
  const auto scale = static_cast<float>(1 / clip_level);
  for (const float *p = pixels.data<float>(), *end = p + pixels.numel(); p != end; p += 3) {
    const float light =
        light_of == nullptr ? luminance(p[0], p[1], p[2]) : luminance(light_of(p[0]), light_of(p[1]), light_of(p[2]));
    const float stops = std::log2(std::max(light * scale, 1e-30f));
    const float bin = (stops - LightHistogram::darkest) * LightHistogram::bins_a_stop;
    ++counts[static_cast<std::size_t>(std::clamp(static_cast<int>(std::floor(bin)), 0, bins - 1))];
  }
  const auto total = static_cast<double>(pixels.numel() / 3);
  std::ranges::transform(counts, histogram.shares.begin(),
                         [total](std::int64_t count) { return static_cast<double>(count) / total; });
  return histogram;
}

PhotographCopy copy_of_photograph(const Tensor& codes, std::int64_t side) {
  const Shape& shape = codes.shape();
  const double scale = std::min(1.0, static_cast<double>(side) / static_cast<double>(std::max(shape.h(), shape.w())));
  const auto reduced = [scale](std::int64_t n) {
    return std::max<std::int64_t>(1, std::llround(scale * static_cast<double>(n)));
  };
  PhotographCopy copy{
      .width = reduced(shape.w()), .height = reduced(shape.h()), .light = {}, .clipped = {}, .histogram = {}};
  copy.light = box_average(codes, copy.height, copy.width, light_of_code).to_vector<float>();
  copy.clipped = box_average(clipped_codes(codes).to(DType::f32), copy.height, copy.width).to_vector<float>();
  copy.histogram = light_histogram(codes, 1, light_of_code);
  return copy;
}

PageCopies copies_of(const PhotographCopy& photograph, const Tensor& result, const Tensor& mask, double clip_level) {
  const Tensor light = box_average(result, photograph.height, photograph.width);
  PageCopies copies{.width = photograph.width,
                    .height = photograph.height,
                    .photograph = {},
                    .light = {},
                    .invented = {},
                    .before = {},
                    .after = {},
                    .dazzle = 0};
  Tensor codes = as_tensor(photograph.height, photograph.width, 3, photograph.light);
  std::transform(codes.data<float>(), codes.data<float>() + codes.numel(), codes.mutable_data<float>(), linear_to_srgb);
  copies.photograph = encode_jpeg(codes_of(codes), photograph_quality);
  copies.light = as_halves(light);
  const std::vector<float> shares =
      mask.defined() ? box_average(mask, photograph.height, photograph.width).to_vector<float>() : photograph.clipped;
  copies.invented = invented_png(photograph, light, shares.data(), clip_level);
  copies.before = photograph.histogram;
  copies.after = light_histogram(result, clip_level);
  copies.dazzle = dazzle_of(light, clip_level);
  return copies;
}

}  // namespace duhdr
