// SPDX-License-Identifier: Apache-2.0
#include "train/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/html.h"

namespace duhdr {
namespace {

constexpr double width = 560, height = 260, left = 64, right = 12, top = 12, bottom = 40;
constexpr int ticks = 5;
constexpr std::size_t most_points = 600;  // of a line; more are averaged in groups
constexpr std::array colours{"#1f6feb", "#d1491b", "#2a9d4e", "#8a4fd6", "#b58900", "#0b8a9e"};

struct Range {
  double lo = INFINITY, hi = -INFINITY;
  void add(double value) {
    lo = std::min(lo, value);
    hi = std::max(hi, value);
  }
  void widen() {
    if (!(lo < hi)) {
      lo -= 0.5;
      hi += 0.5;
    }
  }
};

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

using Points = std::vector<std::pair<double, double>>;

/// What can be drawn, thinned out by averaging neighbours.
Points drawable(const Points& points, bool logarithmic) {
  Points usable;
  for (const auto& [x, y] : points)
    if (std::isfinite(y) && (!logarithmic || y > 0)) usable.emplace_back(x, logarithmic ? std::log10(y) : y);
  const std::size_t group = (usable.size() + most_points - 1) / most_points;
  if (group <= 1) return usable;
  Points thin;
  for (std::size_t i = 0; i < usable.size(); i += group) {
    const std::size_t end = std::min(i + group, usable.size());
    double x = 0, y = 0;
    for (std::size_t j = i; j < end; ++j) {
      x += usable[j].first;
      y += usable[j].second;
    }
    const auto count = static_cast<double>(end - i);
    thin.emplace_back(x / count, y / count);
  }
  return thin;
}

}  // namespace

const std::string_view chart_style = R"(
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:1rem}
svg{width:100%;max-width:640px;background:var(--panel);border:1px solid var(--line)}svg .grid{stroke:var(--line)}
svg polyline{fill:none;stroke-width:1.6}svg text{font-size:11px;fill:var(--note)}svg .y,svg .legend{text-anchor:end}
svg .x{text-anchor:middle}svg .legend{font-weight:600}
)";

std::string line_chart(const std::vector<Series>& series, const std::string& x_label, const std::string& y_label,
                       bool logarithmic) {
  std::vector<Points> lines;
  Range xs, ys;
  for (const Series& one : series) {
    lines.push_back(drawable(one.points, logarithmic));
    for (const auto& [x, y] : lines.back()) {
      xs.add(x);
      ys.add(y);
    }
  }
  if (!(xs.lo <= xs.hi)) return "<p>nothing to draw yet</p>";
  xs.widen();
  ys.widen();
  const auto px = [&](double x) { return left + (x - xs.lo) / (xs.hi - xs.lo) * (width - left - right); };
  const auto py = [&](double y) { return height - bottom - (y - ys.lo) / (ys.hi - ys.lo) * (height - top - bottom); };

  std::string svg =
      message("<svg viewBox=\"0 0 ", width, ' ', height, "\" role=\"img\" aria-label=\"", html(y_label), "\">");
  for (int i = 0; i <= ticks; ++i) {
    const double share = static_cast<double>(i) / ticks;
    const double x = xs.lo + share * (xs.hi - xs.lo), y = ys.lo + share * (ys.hi - ys.lo);
    svg += message("<line class=\"grid\" x1=\"", left, "\" x2=\"", width - right, "\" y1=\"", py(y), "\" y2=\"", py(y),
                   "\"/><text class=\"y\" x=\"", left - 6, "\" y=\"", py(y) + 4, "\">",
                   number(logarithmic ? std::pow(10, y) : y), "</text><text class=\"x\" x=\"", px(x), "\" y=\"",
                   height - bottom + 16, "\">", number(x), "</text>");
  }
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const char* colour = colours[k % colours.size()];
    std::string path;
    for (const auto& [x, y] : lines[k]) path += message(path.empty() ? "" : " ", px(x), ',', py(y));
    svg += message("<polyline stroke=\"", colour, "\" points=\"", path, "\"/>");
    if (lines[k].size() == 1)
      svg += message("<circle fill=\"", colour, "\" r=\"3\" cx=\"", px(lines[k][0].first), "\" cy=\"",
                     py(lines[k][0].second), "\"/>");
    svg += message("<text class=\"legend\" style=\"fill:", colour, "\" x=\"", width - right - 4, "\" y=\"",
                   top + 14 + 16 * static_cast<double>(k), "\">", html(series[k].name), "</text>");
  }
  return svg + message("<text class=\"x\" x=\"", (left + width - right) / 2, "\" y=\"", height - 6, "\">",
                       html(x_label), "</text></svg>");
}

}  // namespace duhdr
