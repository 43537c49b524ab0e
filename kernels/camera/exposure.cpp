// SPDX-License-Identifier: Apache-2.0
#include "kernels/camera/exposure.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/camera/curve.h"
#include "kernels/reach.h"

namespace duhdr {
namespace {

constexpr double darkest = 0.1, brightest = 0.8;  // neither noise nor clipping
constexpr std::int64_t most_pixels = 1 << 18;

/// Of one image.
template <class T>
double median_ratio(const T* codes, const T* light, std::int64_t pixels, const std::vector<double>& curve) {
  const auto samples = static_cast<std::int64_t>(curve.size());
  const auto number = [](T value) { return static_cast<double>(static_cast<Compute<T>>(value)); };
  const std::int64_t step = std::max<std::int64_t>(1, pixels / most_pixels);
  std::vector<double> ratios;
  for (std::int64_t i = 0; i < 3 * pixels; i += 3 * step) {
    const auto [low, high] = std::minmax({number(codes[i]), number(codes[i + 1]), number(codes[i + 2])});
    if (!(low >= darkest && high <= brightest)) continue;
    double linear = 0, sum = 0;
    for (std::int64_t c = i; c < i + 3; ++c) {
      linear += CurvePosition<double>::of(number(codes[c]), samples).value(curve.data());
      sum += number(light[c]);
    }
    const double ratio = linear / sum;
    if (std::isfinite(ratio) && ratio > 0) ratios.push_back(ratio);
  }
  if (ratios.empty()) return 1;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return *middle;
}

}  // namespace

Variable exposure_ratio(const Variable& codes, const Variable& light, const Variable& curve) {
  const Shape shape = codes.shape();
  DUHDR_CHECK(shape.rank() == 4 && shape.c() == 3 && shape.numel() > 0 && shape == light.shape() &&
                  codes.dtype() == light.dtype(),
              "the exposure of ", light.shape(), " in ", name_of(light.dtype()), " by a photograph ", shape, " in ",
              name_of(codes.dtype()));
  DUHDR_CHECK(curve.shape().rank() == 1 && curve.shape()[0] >= 2, "curve of shape ", curve.shape());
  Tensor ratios(Shape{shape.n(), 1, 1, 1}, light.dtype(), light.device().is_meta() ? Device::meta() : Device::cpu());
  if (!light.device().is_meta()) {
    const Tensor c = codes.value().to(Device::cpu()), l = light.value().to(Device::cpu());
    const std::vector<double> g = curve.value().to(DType::f64).to_vector<double>();
    const std::int64_t pixels = shape.h() * shape.w();
    with_float_type(light.dtype(), [&](auto type) {
      using T = decltype(type);
      for (std::int64_t n = 0; n < shape.n(); ++n)
        ratios.mutable_data<T>()[n] = T(static_cast<Compute<T>>(
            median_ratio(c.data<T>() + 3 * n * pixels, l.data<T>() + 3 * n * pixels, pixels, g)));
    });
  }
  reads({.whole = true});
  return Variable::of_op(ratios.to(light.device()), {codes, light},
                         [](const Tensor&, const std::vector<bool>&) { return std::vector<Tensor>(2); });
}

}  // namespace duhdr
