// SPDX-License-Identifier: Apache-2.0
#include "metrics/shift.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "base/quantile.h"
#include "metrics/luminance.h"
#include "metrics/vdp/fft.h"

namespace duhdr {
namespace {

using Complex = std::complex<double>;

constexpr std::int64_t largest_side = 512;
// Of a perfect match. The correlation with something else is noise, 1 / sqrt(values) strong, and reaches five times
// that.
constexpr double least_peak = 0.03, least_peak_of_noise = 7;
constexpr double darkest_share = 1e-3, unclipped_share = 0.9;

struct Field {
  std::int64_t height, width;
  std::vector<Complex> values;
};

double hann(std::int64_t i, std::int64_t n) {
  const double angle = 2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(n);
  return 0.5 - 0.5 * std::cos(angle);
}

/// Logarithm of the luminance in the middle, its mean taken off, under the window.
Field field_of(const Tensor& picture) {
  const std::int64_t rows = picture.shape().h(), columns = picture.shape().w();
  Field field{std::min(rows, largest_side), std::min(columns, largest_side), {}};
  const std::int64_t top = (rows - field.height) / 2, left = (columns - field.width) / 2;
  std::vector<double> light;
  for (std::int64_t y = 0; y < field.height; ++y)
    for (std::int64_t x = 0; x < field.width; ++x)
      light.push_back(luminance_of(picture.data<float>() + 3 * ((top + y) * columns + left + x)));
  std::vector<double> order = light;
  const double most = quantile(std::span(order), unclipped_share), least = std::max(darkest_share * most, 1e-30);
  double mean = 0;
  for (double& value : light) {
    value = std::log(std::clamp(value, least, std::max(least, most)));
    mean += value / static_cast<double>(light.size());
  }
  for (std::int64_t y = 0; y < field.height; ++y)
    for (std::int64_t x = 0; x < field.width; ++x)
      field.values.emplace_back((light[static_cast<std::size_t>(y * field.width + x)] - mean) * hann(y, field.height) *
                                hann(x, field.width));
  return field;
}

void transform_lines(Field& field, std::int64_t count, std::int64_t line, std::int64_t length, std::int64_t step) {
  vdp::Fft fft(length);
  std::vector<Complex> in(static_cast<std::size_t>(length)), out(in.size());
  for (std::int64_t l = 0; l < count; ++l) {
    for (std::int64_t i = 0; i < length; ++i)
      in[static_cast<std::size_t>(i)] = field.values[static_cast<std::size_t>(l * line + i * step)];
    fft.transform(in.data(), out.data());
    for (std::int64_t i = 0; i < length; ++i)
      field.values[static_cast<std::size_t>(l * line + i * step)] = out[static_cast<std::size_t>(i)];
  }
}

void transform(Field& field) {
  transform_lines(field, field.height, field.width, field.width, 1);
  transform_lines(field, field.width, 1, field.height, field.width);
}

}  // namespace

Shift shift_between(const Tensor& picture, const Tensor& reference) {
  DUHDR_CHECK(picture.shape() == reference.shape() && reference.numel() > 0 && reference.numel() % 3 == 0,
              "shift between ", picture.shape(), " and ", reference.shape());
  Field a = field_of(picture), b = field_of(reference);
  transform(a);
  transform(b);
  double largest = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    a.values[i] *= std::conj(b.values[i]);
    largest = std::max(largest, std::abs(a.values[i]));
  }
  const double small = 1e-9 * largest;  // frequencies that are not there have no phase
  for (Complex& value : a.values) {
    const double size = std::abs(value);
    value = size > small ? std::conj(value) / size : 0;  // conjugate: the inverse by the forward transform
  }
  transform(a);
  const auto n = static_cast<std::int64_t>(a.values.size());
  std::int64_t at = 0;
  for (std::int64_t i = 1; i < n; ++i)
    if (a.values[static_cast<std::size_t>(i)].real() > a.values[static_cast<std::size_t>(at)].real()) at = i;
  const double values = static_cast<double>(n), peak = a.values[static_cast<std::size_t>(at)].real() / values;
  if (peak < std::max(least_peak, least_peak_of_noise / std::sqrt(values))) return {};
  const auto folded = [](std::int64_t i, std::int64_t length) { return i > length / 2 ? i - length : i; };
  return {folded(at % a.width, a.width), folded(at / a.width, a.height)};
}

}  // namespace duhdr
