// SPDX-License-Identifier: Apache-2.0
#include "metrics/crf_correction.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "image/pq.h"
#include "metrics/least_squares.h"

namespace duhdr {
namespace {

constexpr double darkest = 0.005;  // cd/m^2, and of u' and v' after the fit
constexpr double ridge = 0.01;     // per pixel and column
constexpr double colour_scale = 410.0 / 255;

struct Luv {
  double y, u, v;  // Y in cd/m^2; u' and v' times colour_scale
};

constexpr std::array<std::array<double, 3>, 3> to_xyz{
    {{0.412424, 0.357579, 0.180464}, {0.212656, 0.715158, 0.072186}, {0.019332, 0.119193, 0.950444}}};

std::array<std::array<double, 3>, 3> inverse_of(const std::array<std::array<double, 3>, 3>& m) {
  std::array<std::array<double, 3>, 3> out{};
  double determinant = 0;
  for (std::size_t c = 0; c < 3; ++c)
    determinant += m[0][c] * (m[1][(c + 1) % 3] * m[2][(c + 2) % 3] - m[1][(c + 2) % 3] * m[2][(c + 1) % 3]);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c)
      out[c][r] = (m[(r + 1) % 3][(c + 1) % 3] * m[(r + 2) % 3][(c + 2) % 3] -
                   m[(r + 1) % 3][(c + 2) % 3] * m[(r + 2) % 3][(c + 1) % 3]) /
                  determinant;
  return out;
}

Luv luv_of(const float* rgb) {
  std::array<double, 3> xyz{};
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 3; ++c) xyz[r] += to_xyz[r][c] * std::max(static_cast<double>(rgb[c]), darkest);
    xyz[r] = std::clamp(xyz[r], 1e-4, 1e8);
  }
  const double sum = xyz[0] + xyz[1] + xyz[2], x = xyz[0] / sum, y = xyz[1] / sum, below = -2 * x + 12 * y + 3;
  return {xyz[1], 4 * x / below * colour_scale, 9 * y / below * colour_scale};
}

void put_rgb(const Luv& luv, float* rgb) {
  static const auto to_rgb = inverse_of(to_xyz);
  const double u = luv.u / colour_scale, v = luv.v / colour_scale;
  const double below = 6 * u - 16 * v + 12, x = 9 * u / below, y = 4 * v / below;
  const std::array xyz{luv.y * x / y, luv.y, luv.y * (1 - x - y) / y};
  for (std::size_t r = 0; r < 3; ++r)
    rgb[r] = static_cast<float>(std::max(to_rgb[r][0] * xyz[0] + to_rgb[r][1] * xyz[1] + to_rgb[r][2] * xyz[2], 0.0));
}

/// f(i) for i in [0, count), several at once.
template <class F>
void for_pixels(std::size_t count, const F& f) {
  constexpr std::int64_t least = 1024;
  parallel_range(static_cast<std::int64_t>(count), least, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) f(static_cast<std::size_t>(i));
  });
}

std::vector<Luv> luv_of(const Tensor& picture) {
  std::vector<Luv> out(static_cast<std::size_t>(picture.numel() / 3));
  const float* value = picture.data<float>();
  for_pixels(out.size(), [&](std::size_t i) { out[i] = luv_of(value + 3 * i); });
  return out;
}

using Cubic = std::array<double, 4>;
Cubic cubic(double x) { return {x * x * x, x * x, x, 1}; }

using Plane = std::array<double, 8>;
Plane plane(const Luv& c) { return {c.u * c.u * c.u, c.v * c.v * c.v, c.u * c.u, c.v * c.v, c.u * c.v, c.u, c.v, 1}; }

void correct_luminance(std::vector<Luv>& estimate, const std::vector<Luv>& truth) {
  const auto weights = normal_equations<4, 1>(std::ssize(truth), [&](auto& fit, std::int64_t i) {
                         const auto pixel = static_cast<std::size_t>(i);
                         fit.add(cubic(pq(estimate[pixel].y)), {pq(truth[pixel].y)});
                       }).solve();
  const double least = pq(darkest);
  for_pixels(estimate.size(), [&](std::size_t i) {
    const Cubic row = cubic(pq(estimate[i].y));
    double code = 0;
    for (std::size_t k = 0; k < row.size(); ++k) code += row[k] * weights[k][0];
    estimate[i].y = pq_inverse(std::max(code, least));
  });
}

void correct_colour(std::vector<Luv>& estimate, const std::vector<Luv>& truth) {
  constexpr std::size_t columns = std::tuple_size_v<Plane>, u_column = 5, v_column = 6;
  auto fit = normal_equations<columns, 2>(std::ssize(truth), [&](auto& equations, std::int64_t i) {
    const auto pixel = static_cast<std::size_t>(i);
    equations.add(plane(estimate[pixel]), {truth[pixel].u, truth[pixel].v});
  });
  const double strength = ridge * static_cast<double>(truth.size()) / static_cast<double>(columns);
  fit.add_ridge(strength, {{{u_column, 0}, {v_column, 1}}});
  const auto weights = fit.solve();
  for_pixels(estimate.size(), [&](std::size_t i) {
    const Plane row = plane(estimate[i]);
    std::array<double, 2> uv{};
    for (std::size_t k = 0; k < columns; ++k)
      for (std::size_t o = 0; o < 2; ++o) uv[o] += row[k] * weights[k][o];
    estimate[i].u = std::max(uv[0], darkest);
    estimate[i].v = std::max(uv[1], darkest);
  });
}

}  // namespace

Tensor crf_corrected(const Tensor& estimate, const Tensor& truth) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && truth.numel() > 0 && truth.numel() % 3 == 0, "CRF correction of ",
              estimate.shape(), " to ", truth.shape());
  std::vector<Luv> corrected = luv_of(estimate);
  const std::vector<Luv> wanted = luv_of(truth);
  correct_luminance(corrected, wanted);
  correct_colour(corrected, wanted);
  Tensor out(estimate.shape(), DType::f32);
  float* value = out.mutable_data<float>();
  for_pixels(corrected.size(), [&](std::size_t i) { put_rgb(corrected[i], value + 3 * i); });
  return out;
}

}  // namespace duhdr
