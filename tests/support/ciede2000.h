// SPDX-License-Identifier: Apache-2.0
// The colour difference CIEDE2000 (ISO/CIE 11664-6:2014) in the terms of Sharma, Wu and Dalal, "The CIEDE2000
// color-difference formula: implementation notes, supplementary test data, and mathematical observations", 2005.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

namespace duhdr {

using Lab = std::array<double, 3>;

/// Of two colours of CIELAB, with the parametric factors 1.
inline double ciede2000(const Lab& first, const Lab& second) {
  constexpr double degree = std::numbers::pi / 180, turn = 360;
  const auto seventh = [](double x) { return std::sqrt(std::pow(x, 7) / (std::pow(x, 7) + std::pow(25.0, 7))); };
  const auto hue = [&](double a, double b) {
    if (a == 0 && b == 0) return 0.0;
    const double angle = std::atan2(b, a) / degree;
    return angle < 0 ? angle + turn : angle;
  };
  const double mean_c = (std::hypot(first[1], first[2]) + std::hypot(second[1], second[2])) / 2;
  const double g = 0.5 * (1 - seventh(mean_c));
  const double a1 = (1 + g) * first[1], a2 = (1 + g) * second[1];
  const double c1 = std::hypot(a1, first[2]), c2 = std::hypot(a2, second[2]);
  const double h1 = hue(a1, first[2]), h2 = hue(a2, second[2]);
  double dh = 0, h = h1 + h2;
  if (c1 * c2 != 0) {
    dh = h2 - h1;
    if (dh > turn / 2) dh -= turn;
    if (dh < -turn / 2) dh += turn;
    if (std::abs(h1 - h2) > turn / 2) h += h < turn ? turn : -turn;
    h /= 2;
  }
  const double dl = second[0] - first[0], dc = c2 - c1, dbig = 2 * std::sqrt(c1 * c2) * std::sin(dh / 2 * degree);
  const double l = (first[0] + second[0]) / 2, c = (c1 + c2) / 2;
  const double t = 1 - 0.17 * std::cos((h - 30) * degree) + 0.24 * std::cos(2 * h * degree) +
                   0.32 * std::cos((3 * h + 6) * degree) - 0.20 * std::cos((4 * h - 63) * degree);
  const double rotation = 30 * std::exp(-std::pow((h - 275) / 25, 2));
  const double sl = 1 + 0.015 * std::pow(l - 50, 2) / std::sqrt(20 + std::pow(l - 50, 2));
  const double sc = 1 + 0.045 * c, sh = 1 + 0.015 * c * t;
  const double rt = -std::sin(2 * rotation * degree) * 2 * seventh(c);
  return std::sqrt(std::pow(dl / sl, 2) + std::pow(dc / sc, 2) + std::pow(dbig / sh, 2) + rt * (dc / sc) * (dbig / sh));
}

}  // namespace duhdr
