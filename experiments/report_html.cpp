// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "base/html.h"
#include "experiments/report.h"
#include "experiments/report_table.h"
#include "train/chart.h"

namespace duhdr {
namespace {

constexpr std::string_view style = R"(
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:var(--note)}dd{margin:0}
.scroll{overflow-x:auto}td,th{white-space:nowrap}tbody tr{border-top:1px solid var(--line)}
)";

std::string heading(const std::string& title) { return title.empty() ? "" : "<h3>" + html(title) + "</h3>"; }

std::string html_of(const Facts& facts) {
  std::string out = "<dl>";
  for (const auto& [name, text] : facts) out += "<dt>" + html(name) + "</dt><dd>" + html(text) + "</dd>";
  return out + "</dl>";
}

std::string html_of(const ResultTable& table) {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (const std::string& head : table.heads) out += "<th scope=\"col\">" + html(head) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (const std::vector<std::string>& line : table.lines) {
    out += "<tr><th scope=\"row\">" + html(line.front()) + "</th>";
    for (std::size_t i = 1; i < line.size(); ++i) out += "<td>" + html(line[i]) + "</td>";
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>";
}

/// The first metric over the lines of the group: a curve for each set, and for each of the paper's.
std::string chart_of(const ExperimentResult& result, const ExperimentGroup& group) {
  const MetricColumn& metric = result.evaluations.front().metrics.front();
  std::vector<Series> curves;
  const auto add = [&](const std::string& name, const auto& value_of) {
    Series series{name, {}};
    for (const ExperimentLine& line : group.lines)
      if (const double value = value_of(line); std::isfinite(value) && std::isfinite(line.x))
        series.points.emplace_back(line.x, value);
    if (!series.points.empty()) curves.push_back(std::move(series));
  };
  for (const Evaluation& set : result.evaluations)
    add(set.set_name, [&](const ExperimentLine& line) {
      const Summary* summary = summary_of_row(set, line.row, metric.name);
      return summary != nullptr ? summary->mean : NAN;
    });
  if (metric.name == "vdp3-q")
    for (const std::string& paper : paper_sets(result.experiment))
      add("paper, " + paper, [&](const ExperimentLine& line) {
        const auto& known = result.experiment.row(line.row).paper;
        return known.contains(paper) ? known.at(paper) : NAN;
      });
  return "<div>" + heading(group.title) + line_chart(curves, group.x_label, metric.title, false) + "</div>";
}

}  // namespace

std::string experiment_html(const ExperimentResult& result) {
  const Experiment& experiment = result.experiment;
  std::string body = "<h1>" + html(experiment.title) + "</h1>" + html_of(facts_of(result)) + "<h2>" +
                     html(result.evaluations.front().metrics.front().title) + "</h2><div class=\"charts\">";
  for (const ExperimentGroup& group : experiment.groups) body += chart_of(result, group);
  body += "</div>";
  for (const Evaluation& set : result.evaluations) {
    body += "<h2>" + html(set.set_name) + "</h2>" + html_of(facts_of(set));
    for (const ExperimentGroup& group : experiment.groups)
      body += heading(group.title) + html_of(table_of(result, set, group));
  }
  body +=
      "<p class=\"note\">Means over the pairs with 95 % intervals by bootstrap over scenes. The paper's numbers are "
      "HDR-VDP on its own sets and training data. This file is complete: it loads nothing.</p>";
  return html_page(experiment.name + ", budget " + result.budget.text() + ": duhdr-eval",
                   std::string(chart_style) + std::string(style), body);
}

}  // namespace duhdr
