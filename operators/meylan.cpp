// SPDX-License-Identifier: Apache-2.0
#include "operators/meylan.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "operators/light.h"

namespace duhdr {
namespace {

/// How many of the 8 neighbours of every pixel of a mask of 0 and 1 are 1.
Tensor neighbours(const Tensor& mask) {
  Tensor out(mask.shape(), DType::f32);
  const std::int64_t height = mask.shape().h(), width = mask.shape().w();
  const float* from = mask.data<float>();
  float* to = out.mutable_data<float>();
  parallel_for(height, [&](std::int64_t y) {
    std::vector<float> columns(static_cast<std::size_t>(width + 2));  // sums of three rows, with a zero on both sides
    for (std::int64_t v = std::max<std::int64_t>(0, y - 1); v < std::min(height, y + 2); ++v)
      for (std::int64_t x = 0; x < width; ++x) columns[static_cast<std::size_t>(x + 1)] += from[v * width + x];
    const float* left = columns.data();
    for (std::int64_t x = 0; x < width; ++x)
      to[y * width + x] = left[x] + left[x + 1] + left[x + 2] - from[y * width + x];
  });
  return out;
}

Tensor without_single_pixels(const Tensor& mask) {
  return mapped(mask, neighbours(mask), [](float inside, float around) { return around >= 1 ? inside : 0; });
}

bool is_same(const Tensor& a, const Tensor& b) {
  return std::equal(a.data<float>(), a.data<float>() + a.numel(), b.data<float>());
}

}  // namespace

Tensor specular_part(const Tensor& luminance) {
  constexpr int most_steps = 100;
  const std::int64_t longer = std::max(luminance.shape().h(), luminance.shape().w());
  const std::int64_t box = std::max<std::int64_t>(1, (longer + 25) / 50);
  const float core = extremes_of(box_mean(luminance, box)).largest;
  const float rim = extremes_of(box_mean(luminance, 2 * box + 1)).largest;
  const Tensor may_grow = mapped(luminance, [=](float l) { return l > rim ? 1.f : 0.f; });
  Tensor mask = without_single_pixels(mapped(luminance, [=](float l) { return l > core ? 1.f : 0.f; }));
  for (int step = 0; step < most_steps; ++step) {
    const Tensor kept = without_single_pixels(mask);
    const Tensor grown =
        mapped(neighbours(kept), may_grow, [](float around, float may) { return around > 3 ? may : 0; });
    const Tensor next = mapped(kept, grown, [](float a, float b) { return std::max(a, b); });
    if (is_same(next, mask)) break;
    mask = next;
  }
  return mask;
}

Tensor meylan(const Tensor& codes, float rho) {
  const Photograph photograph = linearised(codes);
  const Tensor& luminance = photograph.luminance;
  const float largest = extremes_of(luminance).largest;
  if (!(largest > 0)) return photograph.light;
  const Tensor specular = specular_part(luminance);
  const float white =
      extremes_of(mapped(luminance, specular, [=](float l, float inside) { return inside > 0 ? l : largest; })).least;
  const Tensor expanded = mapped(luminance, specular, [=](float l, float inside) {
    if (inside == 0) return display_peak * std::min(1.f, rho * l / white);
    const float above = largest > white ? (l - white) / (largest - white) : 1.f;
    return display_peak * (rho + (1 - rho) * above);
  });
  if (extremes_of(specular).largest == 0) return with_luminance(photograph, expanded);

  const Tensor bright = mapped(luminance, [=](float l) { return l > white ? 1.f : 0.f; });
  const Tensor around =
      mapped(bright, neighbours(bright), [](float is, float near) { return is > 0 || near > 1 ? 1.f : 0.f; });
  const Tensor step = mapped(box_mean(expanded, 5), expanded, [](float mean, float l) { return mean - l; });
  const Tensor blended = mapped(step, box_mean(around, 5), [](float to_mean, float share) { return share * to_mean; });
  return with_luminance(photograph, mapped(expanded, blended, [](float l, float by) { return std::max(0.f, l + by); }));
}

}  // namespace duhdr
