// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/csf.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "metrics/vdp/glare.h"

namespace duhdr::vdp {
namespace {

constexpr std::array knots{.0002, .002, .02, .2, 2., 20., 150.};  // cd/m2
using Row = std::array<double, knots.size()>;
constexpr Row p1{1.26181, .893585, .84864, .699243, .530826, .459297, .312626};
constexpr Row p2{4.27832, 4.27832, 3.57253, 3.94545, 4.25337, 3.78765, 4.15264};
constexpr Row p3{.361902, .361902, .530355, .68608, .866916, .981028, .952367};
constexpr Row p4{3.11914, 2.18938, 3.12486, 4.41846, 4.65117, 4.33546, 3.22389};

/// Linear in log10 of the luminance, constant outside of the knots.
double between_knots(const Row& row, double luminance) {
  const double at = std::log10(std::clamp(luminance, knots.front(), knots.back()));
  std::size_t k = 0;
  while (k + 2 < knots.size() && at > std::log10(knots[k + 1])) ++k;
  const double left = std::log10(knots[k]), right = std::log10(knots[k + 1]);
  return row[k] + (row[k + 1] - row[k]) * (at - left) / (right - left);
}

}  // namespace

double neural_csf(double rho, double luminance, bool glare) {
  constexpr double constant = 1e-4;  // cycles/degree; nothing slower is seen
  if (rho <= constant) return 0;
  const double high = 1 + std::pow(between_knots(p1, luminance) * rho, between_knots(p2, luminance));
  const double low = std::pow(1 - std::exp(-(rho / 7) * (rho / 7)), between_knots(p3, luminance));
  return between_knots(p4, luminance) / std::sqrt(high / low) / (glare ? eye_mtf(rho) : 1);
}

std::vector<double> csf_samples(double rho, bool glare) {
  constexpr std::size_t samples = 256;
  std::vector<double> values;
  for (std::size_t i = 0; i < samples; ++i) values.push_back(neural_csf(rho, log_table_luminance(i, samples), glare));
  return values;
}

}  // namespace duhdr::vdp
