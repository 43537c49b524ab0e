// SPDX-License-Identifier: Apache-2.0
#include "data/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

namespace duhdr {
namespace {

/// What output positions begin .. begin + count - 1 of an axis read: `taps` inputs from first[i] on, each with a
/// weight.
struct AxisTaps {
  std::int64_t taps = 1;
  std::vector<std::int64_t> first;
  std::vector<float> weight;  // [count][taps]
};

/// Overlap of input pixel `i` with output pixel `o`, both sides measured in input pixels.
double overlap(std::int64_t i, std::int64_t o, double ratio) {
  const double low = std::max(static_cast<double>(i), static_cast<double>(o) * ratio);
  const double high = std::min(static_cast<double>(i + 1), static_cast<double>(o + 1) * ratio);
  return std::max(0.0, high - low);
}

AxisTaps axis_taps(std::int64_t from, std::int64_t to, std::int64_t begin, std::int64_t count) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  AxisTaps out;
  out.taps = from == to ? 1 : to > from ? 2 : static_cast<std::int64_t>(std::ceil(ratio)) + 1;
  out.taps = std::min(out.taps, from);
  for (std::int64_t o = begin; o < begin + count; ++o) {
    const double centre = std::clamp((static_cast<double>(o) + 0.5) * ratio - 0.5, 0.0, static_cast<double>(from - 1));
    const double low = to < from ? static_cast<double>(o) * ratio : centre;
    const std::int64_t first = std::min(static_cast<std::int64_t>(low), from - out.taps);
    out.first.push_back(first);
    double sum = 0;
    std::vector<double> weights;
    for (std::int64_t i = first; i < first + out.taps; ++i) {
      const double linear = std::max(0.0, 1.0 - std::abs(static_cast<double>(i) - centre));
      weights.push_back(to < from ? overlap(i, o, ratio) : linear);
      sum += weights.back();
    }
    for (const double weight : weights) out.weight.push_back(static_cast<float>(weight / sum));
  }
  return out;
}

/// One row: `to` [columns, channels] from `from` [W, channels].
void resize_row(const float* from, float* to, const AxisTaps& columns, std::int64_t channels) {
  const float* weight = columns.weight.data();
  for (const std::int64_t first : columns.first) {
    const float* source = from + first * channels;
    for (std::int64_t c = 0; c < channels; ++c) {
      float sum = 0;
      for (std::int64_t k = 0; k < columns.taps; ++k) sum += weight[k] * source[k * channels + c];
      *to++ = sum;
    }
    weight += columns.taps;
  }
}

template <class Element>
Tensor turned_as(const Tensor& image, const Turn& turn) {
  const std::int64_t h = image.shape().h(), w = image.shape().w(), channels = image.shape().c();
  const bool swapped = turn.quarters % 2 != 0;
  Tensor out(swapped ? Shape{1, w, h, channels} : image.shape(), image.dtype());
  const std::int64_t out_h = out.shape().h(), out_w = out.shape().w();
  const Element* from = image.data<Element>();
  Element* to = out.mutable_data<Element>();
  const auto source = [&](std::int64_t y, std::int64_t x) {  // of output pixel (y, x)
    switch (turn.quarters) {
      case 1:
        std::tie(y, x) = std::pair{x, w - 1 - y};
        break;
      case 2:
        std::tie(y, x) = std::pair{h - 1 - y, w - 1 - x};
        break;
      case 3:
        std::tie(y, x) = std::pair{h - 1 - x, y};
        break;
      default:
        break;
    }
    return (turn.upend ? h - 1 - y : y) * w + (turn.mirror ? w - 1 - x : x);
  };
  const std::int64_t origin = source(0, 0);
  const std::int64_t down = out_h > 1 ? source(1, 0) - origin : 0, right = out_w > 1 ? source(0, 1) - origin : 0;
  for (std::int64_t y = 0; y < out_h; ++y)
    for (std::int64_t x = 0; x < out_w; ++x) {
      const Element* pixel = from + (origin + y * down + x * right) * channels;
      for (std::int64_t c = 0; c < channels; ++c) *to++ = pixel[c];
    }
  return out;
}

void check_window(const CropWindow& window, std::int64_t height, std::int64_t width) {
  DUHDR_CHECK(window.top >= 0 && window.left >= 0 && window.height > 0 && window.width > 0 &&
                  window.top + window.height <= height && window.left + window.width <= width,
              "window ", window.top, ",", window.left, " ", window.height, "x", window.width, " of ", height, "x",
              width);
}

}  // namespace

bool is_panorama(const Tensor& image) { return image.shape().w() == 2 * image.shape().h(); }

std::pair<std::int64_t, std::int64_t> used_rows(bool panorama, std::int64_t height) {
  return panorama ? std::pair{(height + 7) / 8, 7 * height / 8} : std::pair{std::int64_t{0}, height};
}

CropWindow choose_window(std::int64_t first_row, std::int64_t last_row, std::int64_t width, std::int64_t patch,
                         bool random, const Philox& draws) {
  const std::int64_t free_rows = last_row - first_row - patch, free_columns = width - patch;
  DUHDR_CHECK(free_rows >= 0 && free_columns >= 0, "a patch of ", patch, " in ", last_row - first_row, " x ", width);
  const bool move_down = random || free_rows > free_columns, move_right = random || free_columns > free_rows;
  const std::int64_t down = move_down ? pick(draws, 0, free_rows + 1) : free_rows / 2;
  const std::int64_t right = move_right ? pick(draws, 1, free_columns + 1) : free_columns / 2;
  return {first_row + down, right, patch, patch};
}

Tensor cropped(const Tensor& image, const CropWindow& window) {
  check_window(window, image.shape().h(), image.shape().w());
  const std::size_t pixel = static_cast<std::size_t>(image.shape().c()) * size_of(image.dtype());
  const std::size_t row = static_cast<std::size_t>(image.shape().w()) * pixel;
  const std::size_t length = static_cast<std::size_t>(window.width) * pixel;
  Tensor out({1, window.height, window.width, image.shape().c()}, image.dtype());
  const std::byte* from =
      image.raw() + static_cast<std::size_t>(window.top) * row + static_cast<std::size_t>(window.left) * pixel;
  std::byte* to = out.mutable_raw();
  for (std::int64_t y = 0; y < window.height; ++y, from += row, to += length) std::memcpy(to, from, length);
  return out;
}

Tensor cropped_of_resized(const Tensor& image, std::int64_t height, std::int64_t width, const CropWindow& window) {
  const std::int64_t from_h = image.shape().h(), from_w = image.shape().w(), channels = image.shape().c();
  check_window(window, height, width);
  if (height == from_h && width == from_w) return cropped(image, window);
  const AxisTaps rows = axis_taps(from_h, height, window.top, window.height);
  const AxisTaps columns = axis_taps(from_w, width, window.left, window.width);
  const std::int64_t first_row = rows.first.front(), end_row = rows.first.back() + rows.taps;
  const std::int64_t stride = window.width * channels;
  std::vector<float> narrowed(static_cast<std::size_t>((end_row - first_row) * stride));
  const float* from = image.data<float>();
  for (std::int64_t y = first_row; y < end_row; ++y)
    resize_row(from + y * from_w * channels, narrowed.data() + (y - first_row) * stride, columns, channels);

  Tensor out({1, window.height, window.width, channels}, DType::f32);
  float* to = out.mutable_data<float>();
  const float* weight = rows.weight.data();
  for (const std::int64_t first : rows.first) {
    std::fill(to, to + stride, 0.0f);
    for (std::int64_t k = 0; k < rows.taps; ++k) {
      const float* source = narrowed.data() + (first + k - first_row) * stride;
      for (std::int64_t i = 0; i < stride; ++i) to[i] += weight[k] * source[i];
    }
    weight += rows.taps;
    to += stride;
  }
  return out;
}

Turn choose_turn(const Philox& draws) {
  return {static_cast<int>(pick(draws, 0, 4)), draws.uniform(1) < 0.5, draws.uniform(2) < 0.5};
}

Tensor turned(const Tensor& image, const Turn& turn) {
  if (turn.quarters == 0 && !turn.mirror && !turn.upend) return image;
  return image.dtype() == DType::u8 ? turned_as<std::uint8_t>(image, turn) : turned_as<float>(image, turn);
}

Tensor values_of(const Tensor& codes) {
  std::array<float, 256> table{};
  for (std::size_t code = 0; code < table.size(); ++code) table[code] = static_cast<float>(code) / 255.0f;
  Tensor out(codes.shape(), DType::f32);
  const std::uint8_t* code = codes.data<std::uint8_t>();
  float* value = out.mutable_data<float>();
  for (std::int64_t i = 0; i < codes.numel(); ++i) value[i] = table[code[i]];
  return out;
}

}  // namespace duhdr
