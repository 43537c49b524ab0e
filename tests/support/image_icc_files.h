// SPDX-License-Identifier: Apache-2.0
// ICC profiles made at test time, byte by byte, and what colours they stand for, in double.
#pragma once

#include <array>
#include <cmath>
#include <functional>

#include "image/colour.h"
#include "tests/support/image_files.h"

namespace duhdr::files {

using Vector = Vector3;
using Matrix = Matrix3;

inline Matrix inverse(const Matrix& m) {
  Matrix out{};
  const auto minor = [&](std::size_t i, std::size_t j) {
    const std::size_t a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
    return m[a][c] * m[b][d] - m[a][d] * m[b][c];
  };
  const double determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) out[j][i] = minor(i, j) / determinant;
  return out;
}

inline constexpr Vector d65{0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290}, d50{0.9642, 1, 0.8249};
inline constexpr Matrix bradford{{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};

/// XYZ under one white to XYZ under another.
inline Matrix adaptation(const Vector& from, const Vector& to) {
  const Vector a = bradford * from, b = bradford * to;
  return inverse(bradford) * Matrix{{{b[0] / a[0], 0, 0}, {0, b[1] / a[1], 0}, {0, 0, b[2] / a[2]}}} * bradford;
}

/// A published RGB space: primaries in CIE xy, white in XYZ, and light of a code.
struct RgbSpace {
  std::string name;
  std::array<std::array<double, 2>, 3> xy;
  Vector white;
  std::function<double(double)> light;

  Matrix to_xyz() const {
    Matrix columns{};
    for (std::size_t c = 0; c < 3; ++c) {
      const auto [x, y] = xy[c];
      columns[0][c] = x / y;
      columns[1][c] = 1;
      columns[2][c] = (1 - x - y) / y;
    }
    const Vector scale = inverse(columns) * white;
    for (auto& row : columns)
      for (std::size_t c = 0; c < 3; ++c) row[c] *= scale[c];
    return columns;
  }
};

inline double srgb_light(double code) { return code <= 0.04045 ? code / 12.92 : std::pow((code + 0.055) / 1.055, 2.4); }
inline double srgb_code(double light) {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

inline const RgbSpace srgb{"sRGB", {{{0.64, 0.33}, {0.30, 0.60}, {0.15, 0.06}}}, d65, srgb_light};
inline const RgbSpace display_p3_space{
    "Display P3", {{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}}, d65, srgb_light};
inline const RgbSpace adobe_rgb{"Adobe RGB (1998)", {{{0.64, 0.33}, {0.21, 0.71}, {0.15, 0.06}}}, d65, [](double code) {
                                  return std::pow(code, 563.0 / 256.0);
                                }};
inline const RgbSpace rec2020_space{"Rec. 2020", {{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}}}, d65, srgb_light};
inline const RgbSpace prophoto{
    "ProPhoto RGB", {{{0.734699, 0.265301}, {0.159597, 0.840403}, {0.036598, 0.000105}}}, d50, [](double code) {
      return code < 1.0 / 32 ? code / 16 : std::pow(code, 1.8);
    }};

/// From linear values of the space to linear sRGB, the white kept white.
inline Matrix to_linear_srgb(const RgbSpace& space) {
  return inverse(srgb.to_xyz()) * adaptation(space.white, d65) * space.to_xyz();
}

inline Bytes fixed(double value) {  // s15Fixed16
  return number(static_cast<std::uint64_t>(std::lround(value * 65536)) & 0xFFFFFFFFu, 4);
}
inline Bytes xyz_element(const Vector& xyz) {
  return bytes_of(std::string_view("XYZ \0\0\0\0", 8)) + fixed(xyz[0]) + fixed(xyz[1]) + fixed(xyz[2]);
}
/// A curve of `count` 16-bit entries.
inline Bytes curve_element(const std::function<double(double)>& light, int count = 1024) {
  Bytes out = bytes_of(std::string_view("curv\0\0\0\0", 8)) + number(static_cast<unsigned>(count), 4);
  for (int i = 0; i < count; ++i)
    out = out + number(static_cast<unsigned>(std::lround(65535 * light(i / double(count - 1)))), 2);
  return out;
}
/// ICC's function 3: (a x + b)^g from d on, c x below.
inline Bytes parametric_element(double g, double a, double b, double c, double d) {
  return bytes_of(std::string_view("para\0\0\0\0\0\3\0\0", 12)) + fixed(g) + fixed(a) + fixed(b) + fixed(c) + fixed(d);
}
inline Bytes srgb_curve() { return parametric_element(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045); }

using IccTags = std::vector<std::pair<std::string, Bytes>>;

/// A profile of the device class and colour space, e.g. "mntr" and "RGB ", with XYZ as connection space.
inline Bytes icc_file(const std::string& description, const IccTags& tags, const std::string& kind = "mntr",
                      const std::string& space = "RGB ") {
  IccTags all = tags;
  all.insert(all.begin(), {"desc", bytes_of(std::string_view("desc\0\0\0\0", 8)) + number(description.size() + 1, 4) +
                                       description + number(0, 1) + Bytes(78)});
  all.insert(all.begin() + 1, {"wtpt", xyz_element(d50)});
  Bytes header(128), table = number(all.size(), 4), data;
  std::memcpy(header.data() + 8, "\x02\x40\0\0", 4);
  std::memcpy(header.data() + 12, kind.data(), 4);
  std::memcpy(header.data() + 16, space.data(), 4);
  std::memcpy(header.data() + 20, "XYZ ", 4);
  std::memcpy(header.data() + 36, "acsp", 4);
  std::memcpy(header.data() + 68, "\0\0\xF6\xD6\0\1\0\0\0\0\xD3\x2D", 12);  // D50
  for (auto [name, element] : all) {
    table = table + name + number(128 + 4 + 12 * all.size() + data.size(), 4) + number(element.size(), 4);
    element.resize((element.size() + 3) / 4 * 4);
    data = data + element;
  }
  Bytes profile = header + table + data;
  const Bytes size = number(profile.size(), 4);
  std::copy(size.begin(), size.end(), profile.begin());
  return profile;
}

/// The profile of an RGB space, with the curve as an element.
inline Bytes rgb_icc(const RgbSpace& space, const Bytes& curve) {
  const Matrix m = adaptation(space.white, d50) * space.to_xyz();
  IccTags tags;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::string colour(1, "rgb"[c]);
    tags.push_back({colour + "XYZ", xyz_element({m[0][c], m[1][c], m[2][c]})});
    tags.push_back({colour + "TRC", curve});
  }
  return icc_file(space.name, tags);
}
inline Bytes rgb_icc(const RgbSpace& space) { return rgb_icc(space, curve_element(space.light, 4096)); }

/// A PNG chunk of the profile.
inline Bytes icc_chunk(const Bytes& profile) {
  return chunk("iCCP", bytes_of(std::string_view("profile\0\0", 9)) + deflated(profile));
}

}  // namespace duhdr::files
