// SPDX-License-Identifier: Apache-2.0
// The formulas, their parameter grids, and the sampling of curves and inverses.
#include "data/curve_family.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace duhdr {
namespace {

/// `count` values from first to last in equal steps.
std::vector<double> steps(double first, double last, int count) {
  std::vector<double> out;
  for (int i = 0; i < count; ++i) out.push_back(first + (last - first) * i / (count - 1));
  return out;
}

/// `count` values from first to last in equal ratios.
std::vector<double> ratios(double first, double last, int count) {
  std::vector<double> out = steps(std::log(first), std::log(last), count);
  for (double& value : out) value = std::exp(value);
  return out;
}

ResponseFunction normalised(const ResponseFunction& f) {
  const double low = f(0.0);
  const double scale = 1.0 / (f(1.0) - low);
  return [=](double x) { return (f(x) - low) * scale; };
}

/// Straight up to x = toe, then (1 + b) x^(1/gamma) - b; b and the slope make value and slope continuous.
ResponseFunction toe_and_power(double gamma, double toe) {
  const double at_toe = std::pow(toe, 1.0 / gamma);
  const double k = at_toe * (1.0 - 1.0 / gamma);
  const double b = k / (1.0 - k);
  const double slope = (1.0 + b) / gamma * at_toe / toe;
  return [=](double x) { return x < toe ? slope * x : (1.0 + b) * std::pow(x, 1.0 / gamma) - b; };
}

/// x in [low, high] with curve(x) = y, by Ridders' method: every step at least halves the interval.
double solve(const ResponseFunction& curve, double y, double low, double high) {
  double f_low = curve(low) - y;
  double f_high = curve(high) - y;
  double x = low;
  for (int step = 0; step < 60 && f_low < 0 && f_high > 0; ++step) {
    const double middle = 0.5 * (low + high);
    const double f_middle = curve(middle) - y;
    const double root = std::sqrt(f_middle * f_middle - f_low * f_high);
    const double previous = std::exchange(x, middle - (middle - low) * f_middle / root);
    if (std::abs(x - previous) < 1e-15 || high - low < 1e-15) return x;
    const double f = curve(x) - y;
    if (f == 0) return x;
    for (const auto& [at, value] : {std::pair{middle, f_middle}, std::pair{x, f}}) {
      if (value <= 0 && at > low) {
        low = at;
        f_low = value;
      } else if (value > 0 && at < high) {
        high = at;
        f_high = value;
      }
    }
  }
  return f_low >= 0 ? low : f_high <= 0 ? high : x;
}

}  // namespace

std::vector<ResponseFunction> response_family() {
  std::vector<ResponseFunction> out;
  const auto add = [&](const ResponseFunction& f) { out.push_back(normalised(f)); };
  for (const double g : steps(1.0, 1.0 / 3.0, 128)) add([=](double x) { return std::pow(x, g); });
  for (const double gamma : steps(1.4, 3.0, 20))
    for (const double toe : ratios(0.001, 0.1, 16)) add(toe_and_power(gamma, toe));
  for (const double a : ratios(0.5, 200.0, 64)) add([=](double x) { return std::log1p(a * x); });
  for (const double a : ratios(0.2, 12.0, 16))
    for (const double g : steps(0.5, 1.2, 8)) add([=](double x) { return -std::expm1(-a * std::pow(x, g)); });
  for (const double n : steps(0.5, 2.0, 14))
    for (const double s : ratios(0.05, 3.0, 16))
      add([=](double x) {
        const double p = std::pow(x, n);
        return p / (p + s);
      });
  for (const double g : steps(1.0 / 3.0, 1.0, 8))
    for (const double k : steps(1.0, 12.0, 8))
      for (const double m : steps(0.2, 0.8, 6))
        add([=](double x) { return 1.0 / (1.0 + std::exp(-k * (std::pow(x, g) - m))); });
  return out;
}

std::vector<double> sample(const ResponseFunction& curve, CurveDirection direction, int samples) {
  const double last = samples - 1;
  std::vector<double> forward;
  for (int i = 0; i < samples; ++i) forward.push_back(curve(i / last));
  forward.front() = 0.0;
  forward.back() = 1.0;
  if (direction == CurveDirection::forward) return forward;

  std::vector<double> inverse;
  for (int i = 0; i + 1 < samples; ++i) {
    const double y = i / last;
    const auto above = std::upper_bound(forward.begin(), forward.end(), y) - forward.begin();  // >= 1: forward[0] = 0
    inverse.push_back(y == 0.0 ? 0.0
                               : solve(curve, y, static_cast<double>(above - 1) / last,
                                       std::min(1.0, static_cast<double>(above) / last)));
  }
  inverse.push_back(1.0);
  return inverse;
}

}  // namespace duhdr
