// SPDX-License-Identifier: Apache-2.0
// Line charts as inline SVG.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duhdr {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  // x ascending; values that are not finite are left out
};

/// CSS of charts, and of a grid of them, the class "charts".
extern const std::string_view chart_style;

/// A chart with axes, ticks and a legend; `logarithmic` needs positive values (others are left out).
std::string line_chart(const std::vector<Series>& series, const std::string& x_label, const std::string& y_label,
                       bool logarithmic);

}  // namespace duhdr
