// SPDX-License-Identifier: Apache-2.0
#include "image/preview.h"

#include <algorithm>
#include <cmath>

#include "image/colour.h"

namespace duhdr {
namespace {

constexpr std::int64_t strip_width = 2048;
constexpr std::int64_t separator = 4;
constexpr std::uint8_t separator_code = 32;

/// Averages the middle axis of [outer, from, inner], or of what `of` makes of its values, down to [outer, to, inner].
template <class F>
std::vector<float> average_axis(const float* values, std::int64_t outer, std::int64_t from, std::int64_t to,
                                std::int64_t inner, const F& of) {
  std::vector<float> out(static_cast<std::size_t>(outer * to * inner));
  std::vector<double> sum(static_cast<std::size_t>(inner));
  const double footprint = static_cast<double>(from) / static_cast<double>(to);
  float* target = out.data();
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < to; ++i) {
      // Footprint i is [i * from, (i + 1) * from) in units of 1 / to of a source pixel: whole numbers, no rounding.
      const std::int64_t begin = i * from, end = (i + 1) * from;
      std::ranges::fill(sum, 0.0);
      for (std::int64_t k = begin / to; k * to < end; ++k) {
        const auto covered = static_cast<double>(std::min(end, (k + 1) * to) - std::max(begin, k * to));
        const double weight = covered / static_cast<double>(to) / footprint;
        const float* source = values + (o * from + k) * inner;
        for (std::int64_t c = 0; c < inner; ++c)
          sum[static_cast<std::size_t>(c)] += weight * static_cast<double>(of(source[c]));
      }
      target = std::transform(sum.begin(), sum.end(), target, [](double value) { return static_cast<float>(value); });
    }
  }
  return out;
}

}  // namespace

float soft_shoulder(float light) {
  constexpr float knee = 0.8f, room = 1.0f - knee;
  if (light <= knee) return light;
  const float over = (light - knee) / room;
  return knee + room * (1.0f - 1.0f / (1.0f + over));  // over / (1 + over), also for infinite light
}

Tensor box_average(const Tensor& pixels, std::int64_t height, std::int64_t width, float (*of)(float)) {
  const Shape& shape = pixels.shape();
  DUHDR_CHECK(height >= 1 && height <= shape.h() && width >= 1 && width <= shape.w(), height, " x ", width, " of ",
              shape);
  if (height == shape.h() && width == shape.w() && of == nullptr) return pixels;
  const auto as_it_is = [](float value) { return value; };
  const float* from = pixels.data<float>();
  const std::int64_t row = shape.w() * shape.c();
  const std::vector<float> low = of == nullptr ? average_axis(from, 1, shape.h(), height, row, as_it_is)
                                               : average_axis(from, 1, shape.h(), height, row, of);
  const std::vector<float> small = average_axis(low.data(), height, shape.w(), width, shape.c(), as_it_is);
  return Tensor::of<float>({1, height, width, shape.c()}, small);
}

Tensor preview_strip(const Tensor& linear, std::span<const double> stops) {
  DUHDR_CHECK(!stops.empty() && static_cast<std::int64_t>(stops.size()) <= strip_width / 16, stops.size(), " panels");
  const Shape& shape = linear.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && shape.c() == 3 && shape.numel() > 0, "pixels are ", shape);
  const auto count = static_cast<std::int64_t>(stops.size());
  const std::int64_t width = std::min(shape.w(), (strip_width - separator * (count - 1)) / count);
  const double scale = static_cast<double>(width) / static_cast<double>(shape.w());
  const std::int64_t height = std::max<std::int64_t>(1, std::llround(scale * static_cast<double>(shape.h())));
  const Tensor panel = box_average(linear, height, width);

  const std::int64_t pitch = width + separator;
  Tensor strip({1, height, count * pitch - separator, 3}, DType::u8);
  std::uint8_t* codes = strip.mutable_data<std::uint8_t>();
  std::fill(codes, codes + strip.numel(), separator_code);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto exposure = static_cast<float>(std::exp2(stops[static_cast<std::size_t>(i)]));
    const float* source = panel.data<float>();
    for (std::int64_t y = 0; y < height; ++y) {
      std::uint8_t* to = codes + (y * strip.shape().w() + i * pitch) * 3;
      to = std::transform(source, source + width * 3, to, [exposure](float light) {
        const float shown = soft_shoulder(std::max(light, 0.0f) * exposure);
        return static_cast<std::uint8_t>(std::lround(255.0f * linear_to_srgb(shown)));
      });
      source += width * 3;
    }
  }
  return strip;
}

}  // namespace duhdr
