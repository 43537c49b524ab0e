// SPDX-License-Identifier: Apache-2.0
#include "image/colour.h"

#include <cmath>

namespace duhdr {
namespace {

constexpr Matrix3 bradford{{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};

Matrix3 inverse(const Matrix3& m) {
  const auto minor = [&](std::size_t r, std::size_t c) {  // with its sign
    const std::size_t r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
    return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1];
  };
  const double determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
  Matrix3 out{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) out[c][r] = minor(r, c) / determinant;
  return out;
}

Matrix3 diagonal(const Vector3& values) { return {{{values[0], 0, 0}, {0, values[1], 0}, {0, 0, values[2]}}}; }

/// X Y Z of luminance 1.
Vector3 xyz_of(double x, double y) { return {x / y, 1, (1 - x - y) / y}; }

Matrix3 rgb_to_xyz(const Chromaticities& c) {
  const Vector3 red = xyz_of(c.red_x, c.red_y), green = xyz_of(c.green_x, c.green_y), blue = xyz_of(c.blue_x, c.blue_y);
  Matrix3 columns{};
  for (std::size_t r = 0; r < 3; ++r) columns[r] = {red[r], green[r], blue[r]};
  return columns * diagonal(inverse(columns) * xyz_of(c.white_x, c.white_y));
}

}  // namespace

Vector3 operator*(const Matrix3& m, const Vector3& v) {
  Vector3 out{};
  for (std::size_t r = 0; r < 3; ++r) out[r] = m[r][0] * v[0] + m[r][1] * v[1] + m[r][2] * v[2];
  return out;
}

Matrix3 operator*(const Matrix3& left, const Matrix3& right) {
  Matrix3 out{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c)
      out[r][c] = left[r][0] * right[0][c] + left[r][1] * right[1][c] + left[r][2] * right[2][c];
  return out;
}

Matrix3 rgb_to_rgb(const Chromaticities& from, const Chromaticities& to) {
  const Matrix3 to_xyz = rgb_to_xyz(from), from_xyz = inverse(rgb_to_xyz(to));
  if (from.white_x == to.white_x && from.white_y == to.white_y) return from_xyz * to_xyz;
  const Vector3 cone_from = bradford * xyz_of(from.white_x, from.white_y);
  const Vector3 cone_to = bradford * xyz_of(to.white_x, to.white_y);
  const Vector3 scale{cone_to[0] / cone_from[0], cone_to[1] / cone_from[1], cone_to[2] / cone_from[2]};
  return from_xyz * (inverse(bradford) * (diagonal(scale) * (bradford * to_xyz)));
}

bool is_rec709(const Chromaticities& primaries) {
  const auto near = [](double a, double b) { return std::abs(a - b) <= 0.002; };
  return near(primaries.red_x, rec709.red_x) && near(primaries.red_y, rec709.red_y) &&
         near(primaries.green_x, rec709.green_x) && near(primaries.green_y, rec709.green_y) &&
         near(primaries.blue_x, rec709.blue_x) && near(primaries.blue_y, rec709.blue_y) &&
         near(primaries.white_x, rec709.white_x) && near(primaries.white_y, rec709.white_y);
}

float srgb_to_linear(float code) { return code <= 0.04045f ? code / 12.92f : std::pow((code + 0.055f) / 1.055f, 2.4f); }

float linear_to_srgb(float light) {
  return light <= 0.0031308f ? light * 12.92f : 1.055f * std::pow(light, 1.0f / 2.4f) - 0.055f;
}

}  // namespace duhdr
