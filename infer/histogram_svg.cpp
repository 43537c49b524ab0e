// SPDX-License-Identifier: Apache-2.0
// The histogram of a picture before and after.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "infer/run_page_entry.h"

namespace duhdr {
namespace {

constexpr double bottom = 120, height = 112, step = 8;  // units of the drawing; a step is the width of a bin
constexpr int tick_stops = 4;

double place(double stops) { return step * LightHistogram::bins_a_stop * (stops - LightHistogram::darkest); }

/// Steps from left to right; heights are roots of shares, so that few bright pixels can be seen.
std::string outline(const LightHistogram& histogram, std::size_t bins, double most) {
  std::string path = fmt::format("M0 {}", bottom);
  for (std::size_t i = 0; i < bins; ++i)
    path += fmt::format("V{:.1f}h{}", bottom - height * std::sqrt(histogram.shares[i] / most), step);
  return path + fmt::format("V{}Z", bottom);
}

/// The stop above the brightest bin that is not empty, on a tick.
int end_of(const LightHistogram& before, const LightHistogram& after) {
  int end = tick_stops;
  for (std::size_t i = 0; i < before.shares.size(); ++i) {
    const int stop = static_cast<int>(i) / LightHistogram::bins_a_stop + LightHistogram::darkest;
    if (before.shares[i] > 0 || after.shares[i] > 0) end = std::max(end, (stop + tick_stops) / tick_stops * tick_stops);
  }
  return std::min(end, LightHistogram::brightest);
}

}  // namespace

std::string histogram_svg(const LightHistogram& before, const LightHistogram& after) {
  const int end = end_of(before, after);
  const auto bins = static_cast<std::size_t>((end - LightHistogram::darkest) * LightHistogram::bins_a_stop);
  double most = 0, above_before = 0, above_after = 0;
  for (std::size_t i = 0; i < before.shares.size(); ++i) {
    most = std::max({most, before.shares[i], after.shares[i]});
    if (static_cast<int>(i) < -LightHistogram::darkest * LightHistogram::bins_a_stop) continue;
    above_before += before.shares[i];
    above_after += after.shares[i];
  }
  std::string ticks;
  for (int stop = LightHistogram::darkest; stop <= end; stop += tick_stops)
    ticks +=
        fmt::format("<text x=\"{:.0f}\" y=\"{}\">{}{}</text>", place(stop), bottom + 16, stop > 0 ? "+" : "", stop);
  const double width = place(end);
  return fmt::format(
      "<figure class=\"histogram\"><svg viewBox=\"-14 0 {:.0f} 142\" role=\"img\" aria-label=\"Histogram of luminance: "
      "{:.2f} % of the photograph and {:.2f} % of the result are at the clip level or above\"><path class=\"before\" "
      "d=\"{}\"/><path class=\"after\" d=\"{}\"/><path class=\"axis\" d=\"M0 {}h{:.0f}\"/><path class=\"clip\" "
      "d=\"M{:.0f} "
      "0V{}\"/>{}</svg><figcaption><span class=\"key before\">photograph</span> <span class=\"key "
      "after\">result</span> "
      "Pixels by log<sub>2</sub> luminance, in stops from the clip level (dashed); heights are square roots of shares."
      "</figcaption></figure>",
      width + 28, 100 * above_before, 100 * above_after, outline(before, bins, most), outline(after, bins, most),
      bottom, width, place(0), bottom, ticks);
}

}  // namespace duhdr
