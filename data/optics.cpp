// SPDX-License-Identifier: Apache-2.0
#include "data/optics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace duhdr {
namespace {

/// An axis of an image: the elements of a line along it are `step` values apart, and `step` lines lie side by side.
struct Axis {
  std::int64_t lines, length, step;  // lines: groups of `step` of them
};

Axis down(const Tensor& image) { return {1, image.shape().h(), image.shape().w() * image.shape().c()}; }
Axis across(const Tensor& image) { return {image.shape().h(), image.shape().w(), image.shape().c()}; }

/// The position inside that a position outside stands for: b a | a b c | c b.
std::int64_t mirrored(std::int64_t position, std::int64_t length) {
  if (position >= 0 && position < length) return position;
  const std::int64_t period = 2 * length;
  const std::int64_t inside = ((position % period) + period) % period;
  return inside < length ? inside : period - 1 - inside;
}

/// filter(from, to, axis) for each group of lines, in place.
template <class Filter>
void along(Tensor& image, const Axis& axis, Filter filter) {
  const std::int64_t count = axis.length * axis.step;
  std::vector<float> from(static_cast<std::size_t>(count));
  float* values = image.mutable_data<float>();
  for (std::int64_t line = 0; line < axis.lines; ++line, values += count) {
    std::copy_n(values, count, from.begin());
    filter(from.data(), values, axis);
  }
}

/// Mean of the 2 radius + 1 values around each, by running sums: in double, so that what a sun leaves behind in them
/// is far below any shadow.
struct Box {
  std::int64_t radius;

  void operator()(const float* from, float* to, const Axis& axis) const {
    const auto row = [&](std::int64_t position) { return from + mirrored(position, axis.length) * axis.step; };
    std::vector<double> sum(static_cast<std::size_t>(axis.step));
    for (std::int64_t at = -radius; at <= radius; ++at) {
      const float* values = row(at);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += values[i];
    }
    const double scale = 1.0 / static_cast<double>(2 * radius + 1);
    for (std::int64_t at = 0; at < axis.length; ++at) {
      const float *enters = row(at + radius + 1), *leaves = row(at - radius);
      for (std::size_t i = 0; i < sum.size(); ++i) {
        *to++ = static_cast<float>(std::max(0.0, scale * sum[i]));
        sum[i] += static_cast<double>(enters[i]) - static_cast<double>(leaves[i]);
      }
    }
  }
};

struct Convolution {
  std::vector<float> kernel;  // odd

  void operator()(const float* from, float* to, const Axis& axis) const {
    const auto taps = static_cast<std::int64_t>(kernel.size());
    std::fill_n(to, axis.length * axis.step, 0.0f);
    for (std::int64_t at = 0; at < axis.length; ++at, to += axis.step)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const float* source = from + mirrored(at + tap - taps / 2, axis.length) * axis.step;
        const float weight = kernel[static_cast<std::size_t>(tap)];
        for (std::int64_t i = 0; i < axis.step; ++i) to[i] += weight * source[i];
      }
  }
};

/// Weights of whole pixels: the integral of the Gaussian over each.
Convolution gaussian(double sigma) {
  const auto radius = static_cast<std::int64_t>(std::ceil(3 * sigma));
  const auto below = [&](double x) { return std::erf(x / (sigma * std::sqrt(2.0))); };
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t x = -radius; x <= radius; ++x) {
    weights.push_back(below(static_cast<double>(x) + 0.5) - below(static_cast<double>(x) - 0.5));
    sum += weights.back();
  }
  Convolution out;
  for (const double weight : weights) out.kernel.push_back(static_cast<float>(weight / sum));
  return out;
}

}  // namespace

Tensor balanced(const Tensor& light, double red, double blue) {
  Tensor out(light.shape(), DType::f32);
  const float gains[3] = {static_cast<float>(red), 1.0f, static_cast<float>(blue)};
  const float* from = light.data<float>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < light.numel(); i += 3)
    for (std::int64_t c = 0; c < 3; ++c) to[i + c] = gains[c] * from[i + c];
  return out;
}

Tensor blurred(const Tensor& image, double sigma) {
  DUHDR_CHECK(sigma > 0, "sigma ", sigma);
  Tensor out = image.clone();
  const Convolution filter = gaussian(sigma);
  along(out, down(out), filter);
  along(out, across(out), filter);
  return out;
}

Tensor with_glare(const Tensor& light, double share) {
  constexpr std::int64_t parts[] = {64, 16, 4};  // of the shorter side
  constexpr int times = 3;
  const std::int64_t side = std::min(light.shape().h(), light.shape().w());
  Tensor out(light.shape(), DType::f32);
  const float* from = light.data<float>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < light.numel(); ++i) to[i] = static_cast<float>(1 - share) * from[i];
  const auto weight = static_cast<float>(share / std::size(parts));
  for (const std::int64_t part : parts) {
    Tensor halo = light.clone();
    const Box box{std::max<std::int64_t>(1, side / part)};
    for (int k = 0; k < times; ++k) {
      along(halo, down(halo), box);
      along(halo, across(halo), box);
    }
    const float* spread = halo.data<float>();
    for (std::int64_t i = 0; i < light.numel(); ++i) to[i] += weight * spread[i];
  }
  return out;
}

}  // namespace duhdr
