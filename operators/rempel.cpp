// SPDX-License-Identifier: Apache-2.0
#include "operators/rempel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "operators/bilateral.h"
#include "operators/light.h"

namespace duhdr {
namespace {

/// The length of the gradient, by Sobel's operator over 5 x 5 pixels (wide, so that no gap is left in an edge), divided
/// by the sum of its weights' magnitudes. Outside is as at the edge.
Tensor gradient_of(const Tensor& luminance) {
  constexpr std::array smooth{1.f, 4.f, 6.f, 4.f, 1.f}, slope{-1.f, -2.f, 0.f, 2.f, 1.f};
  constexpr std::int64_t radius = 2;
  constexpr float sum = 16 * 6;
  const std::int64_t height = luminance.shape().h(), width = luminance.shape().w();
  const float* from = luminance.data<float>();
  Tensor out(luminance.shape(), DType::f32);
  float* to = out.mutable_data<float>();
  parallel_for(height, [&](std::int64_t y) {
    const auto columns = [&](const std::array<float, 5>& weights) {  // along y, with the edge repeated on both sides
      std::vector<float> sums(static_cast<std::size_t>(width + 2 * radius));
      for (std::int64_t v = 0; v < 5; ++v) {
        const float* row = from + std::clamp(y + v - radius, std::int64_t{0}, height - 1) * width;
        for (std::int64_t x = 0; x < width; ++x)
          sums[static_cast<std::size_t>(x + radius)] += weights[static_cast<std::size_t>(v)] * row[x];
      }
      std::fill_n(sums.begin(), radius, sums[radius]);
      std::fill_n(sums.end() - radius, radius, sums[static_cast<std::size_t>(width + radius - 1)]);
      return sums;
    };
    const std::vector<float> smoothed = columns(smooth), sloped = columns(slope);
    for (std::int64_t x = 0; x < width; ++x) {
      float along_x = 0, along_y = 0;
      for (std::size_t u = 0; u < 5; ++u) {
        along_x += slope[u] * smoothed[static_cast<std::size_t>(x) + u];
        along_y += smooth[u] * sloped[static_cast<std::size_t>(x) + u];
      }
      to[y * width + x] = std::sqrt(along_x * along_x + along_y * along_y) / sum;
    }
  });
  return out;
}

/// What can be reached from the pixels of `seeds` over neighbours (8 of them) where `open` is above 0: 1 or 0.
Tensor flooded(const Tensor& seeds, const Tensor& open) {
  const std::int64_t height = seeds.shape().h(), width = seeds.shape().w();
  Tensor out = seeds.clone();
  float* reached = out.mutable_data<float>();
  const float* may = open.data<float>();
  std::vector<std::int64_t> next;
  for (std::int64_t i = 0; i < seeds.numel(); ++i)
    if (reached[i] > 0) next.push_back(i);
  while (!next.empty()) {
    const std::int64_t y = next.back() / width, x = next.back() % width;
    next.pop_back();
    for (std::int64_t v = std::max<std::int64_t>(0, y - 1); v < std::min(height, y + 2); ++v)
      for (std::int64_t u = std::max<std::int64_t>(0, x - 1); u < std::min(width, x + 2); ++u) {
        const std::int64_t i = v * width + u;
        if (reached[i] > 0 || !(may[i] > 0)) continue;
        reached[i] = 1;
        next.push_back(i);
      }
  }
  return out;
}

}  // namespace

Tensor brightness_enhancement(const Tensor& codes, const Tensor& luminance) {
  constexpr float threshold = 254.f / 255, edge = 0.05f, least_glow = 0.001f;
  constexpr double glow_sigma = 30;
  const Tensor seeds = saturated(codes, threshold);
  const Tensor glow = gaussian_mean(seeds, pixels_of_hd(glow_sigma, luminance));
  const Tensor open = mapped(gradient_of(luminance), glow,
                             [](float gradient, float e) { return gradient < edge && e > least_glow ? 1.f : 0.f; });
  const Tensor reach = box_mean(box_mean(flooded(seeds, open), 3), 3);  // a Gaussian of about one pixel
  return mapped(glow, reach, [](float e, float inside) { return std::min(1.f, e * inside); });
}

Tensor rempel(const Tensor& codes) {
  const Photograph photograph = linearised(codes);
  return enhanced(photograph, brightness_enhancement(codes, photograph.luminance));
}

}  // namespace duhdr
