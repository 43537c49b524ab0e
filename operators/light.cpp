// SPDX-License-Identifier: Apache-2.0
#include "operators/light.h"

#include <cmath>
#include <functional>
#include <vector>

namespace duhdr {
namespace {

/// Sum of f(value) in double, row by row, so that it does not depend on the number of threads.
double sum_of(const Tensor& plane, const std::function<double(const float* row, std::int64_t width)>& of_row) {
  const std::int64_t height = plane.shape().h(), width = plane.shape().w();
  const float* values = plane.data<float>();
  std::vector<double> rows(static_cast<std::size_t>(height));
  parallel_for(height, [&](std::int64_t y) { rows[static_cast<std::size_t>(y)] = of_row(values + y * width, width); });
  double sum = 0;
  for (const double row : rows) sum += row;
  return sum;
}

/// Means along lines of `count` values, `stride` apart, of `lanes` lines side by side.
void box_lines(const float* from, float* to, std::int64_t count, std::int64_t stride, std::int64_t lanes,
               std::int64_t size) {
  const std::int64_t before = size / 2, after = size - 1 - before;
  std::vector<double> sums(static_cast<std::size_t>(lanes));
  std::int64_t begin = 0, end = 0;  // the values in the sums
  for (std::int64_t i = 0; i < count; ++i) {
    for (; end < std::min(count, i + after + 1); ++end)
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        sums[static_cast<std::size_t>(lane)] += static_cast<double>(from[end * stride + lane]);
    for (; begin < i - before; ++begin)
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        sums[static_cast<std::size_t>(lane)] -= static_cast<double>(from[begin * stride + lane]);
    const auto inside = static_cast<double>(end - begin);
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      to[i * stride + lane] = static_cast<float>(std::max(0.0, sums[static_cast<std::size_t>(lane)]) / inside);
  }
}

}  // namespace

Photograph linearised(const Tensor& codes) {
  Photograph out{mapped(codes, [](float code) { return std::pow(code, display_gamma); }),
                 Tensor(Shape{1, codes.shape().h(), codes.shape().w(), 1}, DType::f32)};
  const float* light = out.light.data<float>();
  float* values = out.luminance.mutable_data<float>();
  parallel_range(out.luminance.numel(), 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)  // white is 1, not a rounding error above it
      values[i] = std::min(1.f, luminance(light[3 * i], light[3 * i + 1], light[3 * i + 2]));
  });
  return out;
}

Tensor with_luminance(const Photograph& photograph, const Tensor& to) {
  Tensor out(photograph.light.shape(), DType::f32);
  const float *light = photograph.light.data<float>(), *old_values = photograph.luminance.data<float>();
  const float* new_values = to.data<float>();
  float* result = out.mutable_data<float>();
  parallel_range(to.numel(), 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t c = 3 * i; c < 3 * i + 3; ++c)  // the share of a channel is at most 1 / 0.0722
        result[c] = old_values[i] > 0 ? light[c] / old_values[i] * new_values[i] : new_values[i];
  });
  return out;
}

Tensor enhanced(const Photograph& photograph, const Tensor& enhancement) {
  return with_luminance(photograph, mapped(photograph.luminance, enhancement, [](float l, float e) {
                          return (l * (display_peak - display_black) + display_black) * (3 * e + 1) / 4;
                        }));
}

Tensor saturated(const Tensor& codes, float code) {
  Tensor out(Shape{1, codes.shape().h(), codes.shape().w(), 1}, DType::f32);
  const float* from = codes.data<float>();
  float* mask = out.mutable_data<float>();
  parallel_range(out.numel(), 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      mask[i] = std::max({from[3 * i], from[3 * i + 1], from[3 * i + 2]}) > code ? 1.f : 0.f;
  });
  return out;
}

Extremes extremes_of(const Tensor& plane) {
  const std::int64_t height = plane.shape().h(), width = plane.shape().w();
  const float* values = plane.data<float>();
  std::vector<Extremes> rows(static_cast<std::size_t>(height));
  parallel_for(height, [&](std::int64_t y) {
    const float* row = values + y * width;
    Extremes of{row[0], row[0]};
    for (std::int64_t x = 1; x < width; ++x) of = {std::min(of.least, row[x]), std::max(of.largest, row[x])};
    rows[static_cast<std::size_t>(y)] = of;
  });
  Extremes out = rows[0];
  for (const Extremes& of : rows) out = {std::min(out.least, of.least), std::max(out.largest, of.largest)};
  return out;
}

double mean_of(const Tensor& plane) {
  return sum_of(plane,
                [](const float* row, std::int64_t width) {
                  double sum = 0;
                  for (std::int64_t x = 0; x < width; ++x) sum += static_cast<double>(row[x]);
                  return sum;
                }) /
         static_cast<double>(plane.numel());
}

double log_mean_of(const Tensor& plane) {
  constexpr double delta = 1e-6;
  return std::exp(sum_of(plane,
                         [](const float* row, std::int64_t width) {
                           double sum = 0;
                           for (std::int64_t x = 0; x < width; ++x)
                             sum += std::log(static_cast<double>(row[x]) + delta);
                           return sum;
                         }) /
                  static_cast<double>(plane.numel()));
}

Tensor box_mean(const Tensor& plane, std::int64_t size) {
  DUHDR_CHECK(size >= 1, "a box of ", size, " pixels");
  constexpr std::int64_t lanes = 256;  // columns that are summed side by side
  const std::int64_t height = plane.shape().h(), width = plane.shape().w();
  Tensor rows(plane.shape(), DType::f32), out(plane.shape(), DType::f32);
  const float* from = plane.data<float>();
  float *middle = rows.mutable_data<float>(), *to = out.mutable_data<float>();
  parallel_for(height, [&](std::int64_t y) { box_lines(from + y * width, middle + y * width, width, 1, 1, size); });
  parallel_for((width + lanes - 1) / lanes, [&](std::int64_t block) {
    const std::int64_t x = block * lanes;
    box_lines(middle + x, to + x, height, width, std::min(lanes, width - x), size);
  });
  return out;
}

double pixels_of_hd(double pixels, const Tensor& picture) {
  constexpr double hd_width = 1920;
  return std::max(1.0, pixels / hd_width * static_cast<double>(std::max(picture.shape().h(), picture.shape().w())));
}

}  // namespace duhdr
