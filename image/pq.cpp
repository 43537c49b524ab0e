// SPDX-License-Identifier: Apache-2.0
#include "image/pq.h"

#include <algorithm>
#include <cmath>

namespace duhdr {
namespace {

constexpr double n = 2610.0 / 16384, m = 2523.0 / 4096 * 128;
constexpr double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
constexpr double peak = 10000;  // cd/m^2

}  // namespace

double pq(double luminance) {
  const double y = std::pow(std::clamp(luminance / peak, 0.0, 1.0), n);
  return std::pow((c1 + c2 * y) / (1 + c3 * y), m);
}

double pq_inverse(double code) {
  const double v = std::pow(std::clamp(code, 0.0, 1.0), 1 / m);
  return peak * std::pow(std::max(v - c1, 0.0) / (c2 - c3 * v), 1 / n);
}

}  // namespace duhdr
