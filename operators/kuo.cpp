// SPDX-License-Identifier: Apache-2.0
#include "operators/kuo.h"

#include <algorithm>
#include <cmath>

#include "operators/bilateral.h"
#include "operators/light.h"

namespace duhdr {
namespace {

/// `mask` (0 or 1) where its 3 x 3 neighbours, those inside the image, are 1.
Tensor eroded(const Tensor& mask) {
  return mapped(box_mean(mask, 3), [](float share) { return share > 1 - 1e-3f ? 1.f : 0.f; });
}

Tensor expand_map(const Tensor& luminance) {
  const std::int64_t longer = std::max(luminance.shape().h(), luminance.shape().w());
  const std::int64_t box = (longer + 9) / 10;
  const float threshold = extremes_of(box_mean(luminance, box)).largest;
  const Tensor mask = eroded(mapped(luminance, [=](float l) { return l >= threshold ? 1.f : 0.f; }));
  const Tensor bright = mapped(luminance, mask, [](float l, float inside) { return l * inside; });
  return bilateral(bright, luminance, std::max(1.0, static_cast<double>(box) / 5),
                   std::pow(100.0 / 255, static_cast<double>(display_gamma)));
}

}  // namespace

Tensor kuo(const Tensor& codes, float p) {
  const Photograph photograph = linearised(codes);
  const Tensor expanded = mapped(photograph.luminance, [p](float l) { return display_peak * l / (p * (1 - l) + l); });
  const Tensor difference = mapped(box_mean(expanded, 5), expanded, [](float mean, float l) { return mean - l; });
  const Tensor blended =
      mapped(difference, expand_map(photograph.luminance), [](float step, float e) { return std::min(e, 1.f) * step; });
  return with_luminance(photograph,
                        mapped(expanded, blended, [](float l, float step) { return std::max(0.f, l + step); }));
}

}  // namespace duhdr
