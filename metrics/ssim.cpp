// SPDX-License-Identifier: Apache-2.0
#include "metrics/ssim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "metrics/pixel_sums.h"
#include "metrics/pu21.h"

namespace duhdr {
namespace {

constexpr std::int64_t radius = 5;
constexpr double sigma = 1.5, k1 = 0.01, k2 = 0.03;

struct Map {
  std::int64_t height, width;
  std::vector<double> values;
};

Map map_of(const Tensor& picture) {
  const float* value = picture.data<float>();
  return {picture.shape().h(), picture.shape().w(), std::vector<double>(value, value + picture.numel())};
}

std::array<double, 2 * radius + 1> window() {
  std::array<double, 2 * radius + 1> w{};
  double sum = 0;
  for (std::int64_t i = -radius; i <= radius; ++i)
    sum += w[static_cast<std::size_t>(i + radius)] = std::exp(-static_cast<double>(i * i) / (2 * sigma * sigma));
  for (double& value : w) value /= sum;
  return w;
}

/// Along one axis: `count` lines of `length` values, `step` apart.
void blur_lines(const std::vector<double>& from, std::vector<double>& to, std::int64_t count, std::int64_t line,
                std::int64_t length, std::int64_t step) {
  const auto w = window();
  constexpr std::int64_t least = 8;  // lines
  parallel_range(count, least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t l = begin; l < end; ++l)
      for (std::int64_t x = 0; x < length; ++x) {
        double sum = 0;
        for (std::int64_t i = -radius; i <= radius; ++i)
          sum += w[static_cast<std::size_t>(i + radius)] *
                 from[static_cast<std::size_t>(l * line + std::clamp<std::int64_t>(x + i, 0, length - 1) * step)];
        to[static_cast<std::size_t>(l * line + x * step)] = sum;
      }
  });
}

Map blurred(Map map) {
  std::vector<double> rows(map.values.size());
  blur_lines(map.values, rows, map.height, map.width, map.width, 1);
  blur_lines(rows, map.values, map.width, 1, map.height, map.width);
  return map;
}

template <class F>
Map combined(const Map& a, const Map& b, const F& f) {
  Map out{a.height, a.width, std::vector<double>(a.values.size())};
  for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] = f(a.values[i], b.values[i]);
  return out;
}

struct Similarity {
  double full, contrast;  // means of l c s and of c s
};

Similarity similarity(const Map& a, const Map& b, double range) {
  const double c1 = k1 * range * k1 * range, c2 = k2 * range * k2 * range;
  const auto product = [](double x, double y) { return x * y; };
  const Map ma = blurred(a), mb = blurred(b);
  const Map aa = blurred(combined(a, a, product)), bb = blurred(combined(b, b, product)),
            ab = blurred(combined(a, b, product));
  const auto contrast = [&](std::size_t i) {
    const double x = ma.values[i], y = mb.values[i];
    return (2 * (ab.values[i] - x * y) + c2) / ((aa.values[i] - x * x) + (bb.values[i] - y * y) + c2);
  };
  const auto n = static_cast<std::int64_t>(a.values.size());
  const auto mean = [&](const auto& f) {
    return sum_of(n, [&](std::int64_t i) { return f(static_cast<std::size_t>(i)); }) / static_cast<double>(n);
  };
  const double full = mean([&](std::size_t i) {
    const double x = ma.values[i], y = mb.values[i];
    return (2 * x * y + c1) / (x * x + y * y + c1) * contrast(i);
  });
  return {full, mean(contrast)};
}

Map halved(const Map& map) {
  Map out{map.height / 2, map.width / 2, {}};
  out.values.resize(static_cast<std::size_t>(out.height * out.width));
  for (std::int64_t y = 0; y < out.height; ++y)
    for (std::int64_t x = 0; x < out.width; ++x) {
      const double* from = map.values.data() + 2 * y * map.width + 2 * x;
      out.values[static_cast<std::size_t>(y * out.width + x)] =
          (from[0] + from[1] + from[map.width] + from[map.width + 1]) / 4;
    }
  return out;
}

void check(const Tensor& a, const Tensor& b, std::int64_t least) {
  DUHDR_CHECK(a.shape() == b.shape() && a.shape().rank() == 4 && a.shape().n() == 1 && a.shape()[3] == 1 &&
                  std::min(a.shape().h(), a.shape().w()) >= least,
              "SSIM of ", a.shape(), " and ", b.shape());
}

}  // namespace

double ssim(const Tensor& a, const Tensor& b, double range) {
  check(a, b, 1);
  return similarity(map_of(a), map_of(b), range).full;
}

double ms_ssim(const Tensor& a, const Tensor& b, double range) {
  check(a, b, least_ms_ssim_side);
  constexpr std::array weights{0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  Map x = map_of(a), y = map_of(b);
  double product = 1;
  for (std::size_t scale = 0; scale < weights.size(); ++scale) {
    const Similarity s = similarity(x, y, range);
    const bool last = scale + 1 == weights.size();
    product *= std::pow(std::max(last ? s.full : s.contrast, 0.0), weights[scale]);
    if (last) break;
    x = halved(x);
    y = halved(y);
  }
  return product;
}

double pu21_ssim(const Tensor& estimate, const Tensor& truth) {
  return ssim(pu21_of_luminance(estimate), pu21_of_luminance(truth), pu21_range);
}

double pu21_ms_ssim(const Tensor& estimate, const Tensor& truth) {
  return ms_ssim(pu21_of_luminance(estimate), pu21_of_luminance(truth), pu21_range);
}

}  // namespace duhdr
