// SPDX-License-Identifier: Apache-2.0
#include "eval/report_markdown.h"

#include <algorithm>
#include <vector>

#include "eval/report_table.h"

namespace duhdr {
namespace {

/// Text of others as text: what would begin a cell, a link or an emphasis is escaped.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : escaped(text, 1000)) {
    if (std::string_view("\\`*_[]<>|#").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += ' ' + cell + " |";
  return out + '\n';
}

std::string with_interval(double mean, double low, double high, int decimals) {
  return fixed(mean, decimals) + " [" + fixed(low, decimals) + ", " + fixed(high, decimals) + ']';
}

std::string methods_table(const Evaluation& evaluation) {
  std::vector<std::string> titles{"method"}, rules{"---"};
  for (const MetricColumn& metric : evaluation.metrics) {
    const std::string unit = metric.unit.empty() ? "" : ", " + quoted(metric.unit);
    titles.push_back(quoted(metric.title) + unit + "; " + std::string(direction(metric.better)));
    rules.emplace_back("---");
  }
  std::string out = row(titles) + row(rules);
  for (const MethodResult& method : evaluation.methods) {
    std::vector<std::string> cells{quoted(method.name)};
    for (const MetricColumn& metric : evaluation.metrics) {
      const Summary* summary = summary_of(method, metric.name);
      if (summary == nullptr) {
        cells.emplace_back("-");
        continue;
      }
      const std::string cell =
          with_interval(summary->mean, summary->low, summary->high, decimals_of(evaluation, metric));
      cells.push_back(leaders(evaluation, metric).contains(method.name) ? "**" + cell + "**" : cell);
    }
    out += row(cells);
  }
  return out;
}

/// What is told apart from the first method, metric by metric.
std::string differences(const Evaluation& evaluation) {
  std::vector<std::string> rows;
  for (const Comparison& one : evaluation.comparisons) {
    if (one.pairs == 0 || (one.low <= 0 && one.high >= 0)) continue;
    const auto metric = std::find_if(evaluation.metrics.begin(), evaluation.metrics.end(),
                                     [&](const MetricColumn& column) { return column.name == one.metric; });
    DUHDR_CHECK(metric != evaluation.metrics.end(), "a comparison by ", escaped(one.metric));
    rows.push_back(
        row({quoted(one.method) + " - " + quoted(one.other), quoted(metric->title),
             with_interval(one.difference, one.low, one.high, decimals_of(evaluation, *metric)), p_value(one.p)}));
  }
  if (rows.empty()) return "";
  std::string out = "\nDifferences pair by pair whose 95 % interval excludes 0:\n\n" +
                    row({"difference", "metric", "mean", "p"}) + row({"---", "---", "---", "---"});
  for (const std::string& text : rows) out += text;
  return out;
}

}  // namespace

std::string report_markdown(const Evaluation& evaluation) {
  const std::vector<Exclusion> excluded = exclusions(evaluation);
  std::string out =
      "Protocol `" + evaluation.protocol + "`: " + quoted(evaluation.protocol_definition) + "\n\nSet `" +
      quoted(evaluation.set_name) + "` (SHA-256 " + quoted(evaluation.set_sha256.substr(0, 16)) + "...), " +
      message(evaluation.pairs.size() - excluded.size(), " of ", evaluation.pairs.size(), " pairs") +
      "; means over scenes, the pairs of each averaged first; 95 % intervals by bootstrap over scenes; bold: "
      "best of its column.\n\n";
  for (const Exclusion& one : excluded) out += "Left out: " + quoted(one.pair) + ": " + quoted(one.reason) + "\n\n";
  out += methods_table(evaluation) + differences(evaluation);
  for (const std::string& remark : evaluation.remarks) out += "\nRemark: " + quoted(remark) + '\n';
  return out;
}

}  // namespace duhdr
