// SPDX-License-Identifier: Apache-2.0
#include "eval/report_pictures.h"

#include <algorithm>
#include <cmath>

#include "base/html.h"
#include "image/colour.h"
#include "image/encode.h"
#include "image/preview.h"

namespace duhdr {
namespace {

constexpr int quality = 95;
constexpr std::int64_t largest_side = 480, smallest_side = 128;
constexpr double pixels_of_page = 23e6;  // of pictures with colour, at 2:3; about 14 MB
constexpr std::int64_t map_share = 2;    // a map has half the side of a picture

Tensor shrunk(const Tensor& pixels, std::int64_t side) {
  const Shape& shape = pixels.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.n() == 1 && shape.numel() > 0 && side > 0, "pixels are ", shape);
  const double scale = std::min(1.0, static_cast<double>(side) / static_cast<double>(std::max(shape.h(), shape.w())));
  const auto small = [scale](std::int64_t size) {
    return std::max<std::int64_t>(1, std::llround(scale * static_cast<double>(size)));
  };
  return box_average(pixels, small(shape.h()), small(shape.w()));
}

Tensor mapped(const Tensor& from, auto function) {
  Tensor to(from.shape(), DType::f32);
  std::transform(from.data<float>(), from.data<float>() + from.numel(), to.mutable_data<float>(), function);
  return to;
}

CodedPicture coded(const Tensor& shares, double low, double high) {
  return {shares.shape().w(), shares.shape().h(), low, high, base64(encode_jpeg(codes_of(shares), quality))};
}

}  // namespace

std::int64_t embedded_side(const Evaluation& evaluation) {
  double pictures = 0;
  for (const auto& [pair, of_pair] : evaluation.pictures)
    pictures += 2 + static_cast<double>(of_pair.estimates.size()) +
                0.2 * static_cast<double>(of_pair.errors.size() + of_pair.visibility.size());
  const double side = std::sqrt(1.5 * pixels_of_page / std::max(pictures, 1.0));
  return std::clamp(static_cast<std::int64_t>(side), smallest_side, largest_side);
}

CodedPicture code_light(const Tensor& light, std::int64_t side) {
  DUHDR_CHECK(light.shape().c() == 3, "light is ", light.shape());
  const Tensor small = shrunk(mapped(light, [](float value) { return value > 0 ? value : 0.0f; }), side);
  const auto toe = static_cast<float>(std::exp2(toe_stop));
  const Tensor stops = mapped(small, [toe](float value) {
    return std::log2(std::min(value, static_cast<float>(std::exp2(highest_stop))) + toe);
  });
  const auto [least, most] = std::minmax_element(stops.data<float>(), stops.data<float>() + stops.numel());
  const float low = *least, span = std::max(*most - low, 0.01f);  // a picture of one colour has a range, too
  return coded(mapped(stops, [=](float value) { return (value - low) / span; }), static_cast<double>(low),
               static_cast<double>(low + span));
}

Tensor light_of_codes(const Tensor& codes) { return mapped(codes, srgb_to_linear); }

CodedPicture code_map(const Tensor& map, double top, std::int64_t side) {
  DUHDR_CHECK(map.shape().c() == 1 && top > 0, "a map is ", map.shape(), ", up to ", top);
  const auto share = [top](float value) {
    return value > 0 ? static_cast<float>(std::min(static_cast<double>(value) / top, 1.0)) : 0.0f;
  };
  const Tensor small = shrunk(mapped(map, share), std::max<std::int64_t>(1, side / map_share));
  Tensor grey({1, small.shape().h(), small.shape().w(), 3}, DType::f32);
  float* to = grey.mutable_data<float>();
  for (std::int64_t i = 0; i < small.numel(); ++i) to = std::fill_n(to, 3, small.data<float>()[i]);
  return coded(grey, 0, top);
}

double scale_top(const std::vector<Tensor>& maps) {
  std::vector<float> values;
  for (const Tensor& map : maps)
    std::copy_if(map.data<float>(), map.data<float>() + map.numel(), std::back_inserter(values),
                 [](float value) { return std::isfinite(value) && value > 0; });
  std::size_t pixels = 0;
  for (const Tensor& map : maps) pixels += static_cast<std::size_t>(map.numel());
  const std::size_t above = pixels / 100;  // may exceed the top
  if (values.size() <= above) return 1;
  const auto place = values.end() - 1 - static_cast<std::ptrdiff_t>(above);
  std::nth_element(values.begin(), place, values.end());
  const auto value = static_cast<double>(*place);
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (value <= digit * power * (1 + 1e-6)) return digit * power;
  return 10 * power;
}

}  // namespace duhdr
