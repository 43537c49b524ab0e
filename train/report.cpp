// SPDX-License-Identifier: Apache-2.0
#include "train/report.h"

#include <cstdio>

#include "base/file.h"
#include "base/html.h"
#include "train/chart.h"
#include "train/metrics_log.h"
#include "train/validation.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t largest_picture = std::uint64_t{64} << 20;

constexpr const char* style = R"(
.pictures td,.pictures th{text-align:left;vertical-align:top;padding:0 .6rem .6rem 0}.pictures img{width:100%}
pre{background:var(--panel);padding:1rem;overflow:auto}
)";

std::string picture(const fs::path& path) {
  if (!fs::exists(path)) return "<td></td>";
  return "<td><img alt=\"" + html(path.stem().string()) + "\" src=\"data:image/png;base64," +
         base64(read_file(path, largest_picture, ExitCode::io)) + "\"></td>";
}

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", value);
  return text;
}

/// Losses of one row of the schedule: the total and its terms.
std::string stage_charts(const std::vector<Json>& lines) {
  std::string out;
  std::vector<Series> series;
  std::int64_t row = -1;
  std::string title;
  const auto close = [&] {
    if (row >= 0) out += "<div><h3>" + html(title) + "</h3>" + line_chart(series, "step", "loss", true) + "</div>";
  };
  for (const Json& line : lines) {
    if (line.value("kind", "") != "step") continue;
    if (line.value("row", std::int64_t{-1}) != row) {
      close();
      row = line.value("row", std::int64_t{-1});
      title = message(row + 1, ". ", line.value("stage", ""));
      series = {{"loss", {}}};
      if (line["terms"].size() > 1)
        for (const auto& [name, value] : line["terms"].items()) series.push_back({name, {}});
    }
    const double step = line.value("step", 0.0);
    series[0].points.emplace_back(step, line.value("loss", 0.0));
    for (std::size_t k = 1; k < series.size(); ++k)
      series[k].points.emplace_back(step, line["terms"].value(series[k].name, 0.0));
  }
  close();
  return out.empty() ? "<p>no steps yet</p>" : "<div class=\"charts\">" + out + "</div>";
}

std::string row_of(const std::string& label, double before, double now, bool more_is_better) {
  const double change = before > 0 ? 100 * (now / before - 1) : 0;
  char percent[32];
  std::snprintf(percent, sizeof percent, "%+.1f %%", change);
  return message("<tr><td>", label, "</td><td>", fixed(before), "</td><td>", fixed(now), "</td><td class=\"",
                 change == 0                      ? ""
                 : (change > 0) == more_is_better ? "good"
                                                  : "bad",
                 "\">", percent, "</td></tr>");
}

std::string validation_part(const std::vector<Json>& lines) {
  std::string rows, charts;
  for (const ValidationMetric& metric : validation_metrics()) {
    Series series{std::string(metric.title), {}};
    const std::string name(metric.name);
    for (const Json& line : lines)
      if (line.value("kind", "") == "validation" && line.contains(name) && line.at(name).is_number())
        series.points.emplace_back(line.value("total_steps", 0.0), line.at(name));
    if (series.points.empty()) continue;
    rows += row_of(series.name, series.points.front().second, series.points.back().second, metric.more_is_better);
    charts += "<div>" + line_chart({series}, "step of the run", series.name, false) + "</div>";
  }
  if (rows.empty()) return "<p>no validation yet</p>";
  return "<table><tr><th></th><th>untrained</th><th>now</th><th>change</th></tr>" + rows +
         "</table><p class=\"note\">log-RMSE: root mean square of log10 differences over the validation samples; 1.0 "
         "is "
         "the clip level on both sides. Clipped: the brightest channel of the true HDR image is above it. Energy and "
         "structure: of the highlights, 0 is right. PU21-PSNR: the clip level shown at 203 cd/m2. The untrained model "
         "is the photograph linearised by the mean inverse camera response.</p><div class=\"charts\">" +
         charts + "</div>";
}

std::string pictures_part(const fs::path& samples) {
  std::string rows;
  for (std::size_t i = 0; fs::exists(samples / message("input-", i, ".png")); ++i) {
    rows += "<tr>";
    for (const char* name : {"input", "before", "now", "target"})
      rows += picture(samples / message(name, '-', i, ".png"));
    rows += "</tr>";
  }
  if (rows.empty()) return "<p>no pictures yet</p>";
  return "<table class=\"pictures\"><tr><th style=\"width:13%\">photograph</th><th>untrained, 0 -2 -4 EV</th><th>now, "
         "0 "
         "-2 -4 EV</th><th>true HDR, 0 -2 -4 EV</th></tr>" +
         rows + "</table>";
}

std::string summary(const std::vector<Json>& lines) {
  std::string out;
  for (const Json& line : lines)
    if (line.value("kind", "") == "run") out = "<p>" + html(line.value("text", "")) + "</p>";
  std::string events;
  for (const Json& line : lines)
    if (line.value("kind", "") == "event") events += "<li>" + html(line.value("text", "")) + "</li>";
  return out + (events.empty() ? "" : "<ul>" + events + "</ul>");
}

}  // namespace

void write_report(const fs::path& run) {
  const std::vector<Json> lines = read_metrics(run / "metrics.jsonl");
  const Bytes config = read_file(run / "config.json", largest_picture, ExitCode::io);
  const std::string text(reinterpret_cast<const char*>(config.data()), config.size());
  const std::string name = Json::parse(text).value("name", "");
  const std::string body = "<h1>" + html(name) + "</h1>" + summary(lines) + "<h2>Validation</h2>" +
                           validation_part(lines) + "<h2>Pictures</h2>" + pictures_part(run / "samples") +
                           "<h2>Losses</h2>" + stage_charts(lines) + "<h2>Configuration</h2><pre>" + html(text) +
                           "</pre>";
  const std::string page = html_page("duhdr-train: " + name, std::string(chart_style) + style, body);
  write_file(run / "report.html", {reinterpret_cast<const std::byte*>(page.data()), page.size()});
}

}  // namespace duhdr
