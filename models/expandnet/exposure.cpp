// SPDX-License-Identifier: Apache-2.0
#include "models/expandnet/exposure.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/camera/curve.h"

namespace duhdr {
namespace {

constexpr float darkest = 0.1f, brightest = 0.8f;  // neither noise nor clipping
constexpr std::int64_t most_pixels = 1 << 18;

Tensor on_host(const Tensor& tensor) { return tensor.to(DType::f32).to(Device::cpu()); }

/// Of one image of `pixels` pixels.
float median_ratio(const float* codes, const float* light, std::int64_t pixels, const Tensor& curve) {
  const float* g = curve.data<float>();
  const auto linear = [&](float code) { return CurvePosition<float>::of(code, curve.numel()).value(g); };
  const std::int64_t step = std::max<std::int64_t>(1, pixels / most_pixels);
  std::vector<float> ratios;
  for (std::int64_t i = 0; i < pixels; i += step) {
    const float *c = codes + 3 * i, *l = light + 3 * i;
    if (std::min({c[0], c[1], c[2]}) < darkest || std::max({c[0], c[1], c[2]}) > brightest) continue;
    const float ratio = (linear(c[0]) + linear(c[1]) + linear(c[2])) / (l[0] + l[1] + l[2]);
    if (std::isfinite(ratio) && ratio > 0) ratios.push_back(ratio);
  }
  if (ratios.empty()) return 1;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

}  // namespace

Tensor exposure_ratio(const Tensor& codes, const Tensor& light, const Tensor& curve) {
  DUHDR_CHECK(codes.shape().rank() == 4 && codes.shape().c() == 3 && codes.shape() == light.shape(), "the exposure of ",
              light.shape(), " by a photograph ", codes.shape());
  DUHDR_CHECK(curve.shape().rank() == 1 && curve.numel() >= 2, "curve of shape ", curve.shape());
  const Tensor c = on_host(codes), l = on_host(light), g = on_host(curve);
  const std::int64_t images = codes.shape().n(), pixels = codes.shape().h() * codes.shape().w();
  Tensor ratios(Shape{images, 1, 1, 1}, DType::f32);
  for (std::int64_t n = 0; n < images; ++n)
    ratios.mutable_data<float>()[n] =
        median_ratio(c.data<float>() + 3 * n * pixels, l.data<float>() + 3 * n * pixels, pixels, g);
  return ratios.to(light.device());
}

}  // namespace duhdr
