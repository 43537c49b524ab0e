// SPDX-License-Identifier: Apache-2.0
#include "image/gain_map.h"

#include <algorithm>
#include <cmath>

#include "image/preview.h"

namespace duhdr {
namespace {

// What the encoders choose; docs/choices.md has the reasons.
constexpr double code_gamma = 0.5;
constexpr double least_boost = 0.01;  // stops; the formats want a maximum above the minimum
constexpr double units_per_stop = 1e6;

double rounded_up(double boost) { return std::ceil(boost * units_per_stop) / units_per_stop; }

}  // namespace

std::int64_t map_side(std::int64_t picture_side, MapSize size) {
  const auto part = static_cast<std::int64_t>(size);
  return (picture_side + part - 1) / part;
}

GainMap make_gain_map(const Tensor& gain, MapSize size) {
  DUHDR_CHECK(gain.defined() && gain.dtype() == DType::f32 && gain.device().is_cpu(), "f32 gains on the CPU");
  const Shape& shape = gain.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && (shape.c() == 1 || shape.c() == 3) && shape.numel() > 0,
              "gains are ", shape);
  const float* first = gain.data<float>();
  DUHDR_CHECK(std::all_of(first, first + gain.numel(), [](float g) { return g >= 1.0f && std::isfinite(g); }),
              "a gain is below 1 or not finite");

  const Tensor mean = box_average(gain, map_side(shape.h(), size), map_side(shape.w(), size));
  GainMap map{.log2_gain = Tensor(mean.shape(), DType::f32), .gamma = code_gamma};
  const float* from = mean.data<float>();
  float* to = map.log2_gain.mutable_data<float>();
  std::transform(from, from + mean.numel(), to, [](float g) { return std::max(std::log2(g), 0.0f); });
  map.max_boost = rounded_up(std::max(static_cast<double>(*std::max_element(to, to + mean.numel())), least_boost));
  return map;
}

Tensor gain_map_codes(const GainMap& map) {
  Tensor codes(map.log2_gain.shape(), DType::u8);
  const float* from = map.log2_gain.data<float>();
  std::transform(from, from + map.log2_gain.numel(), codes.mutable_data<std::uint8_t>(), [&](float boost) {
    const double part = (static_cast<double>(boost) - map.min_boost) / (map.max_boost - map.min_boost);
    return static_cast<std::uint8_t>(std::lround(255.0 * std::pow(std::clamp(part, 0.0, 1.0), map.gamma)));
  });
  return codes;
}

}  // namespace duhdr
