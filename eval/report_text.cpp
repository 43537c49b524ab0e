// SPDX-License-Identifier: Apache-2.0
#include "eval/report_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "eval/report_table.h"
#include "eval/text_columns.h"

namespace duhdr {
namespace {

std::string interval(double low, double high, int decimals) {
  return '[' + fixed(low, decimals) + ", " + fixed(high, decimals) + ']';
}

TextColumn metric_column(const Evaluation& evaluation, const MetricColumn& metric, std::size_t counted) {
  const int decimals = decimals_of(evaluation, metric);
  const auto best = leaders(evaluation, metric);
  TextColumn cells{escaped(metric.title + (metric.unit.empty() ? "" : " (" + metric.unit + ')')),
                   std::string(direction(metric.better))};
  for (const MethodResult& method : evaluation.methods) {
    const Summary* summary = summary_of(method, metric.name);
    if (summary == nullptr) {
      cells.emplace_back("-");
      continue;
    }
    std::string cell = best.contains(method.name) ? "* " : "  ";
    cell += fixed(summary->mean, decimals) + ' ' + interval(summary->low, summary->high, decimals);
    if (static_cast<std::size_t>(summary->pairs) != counted) cell += message(" n=", summary->pairs);
    cells.push_back(cell);
  }
  return cells;
}

std::string method_table(const Evaluation& evaluation, std::size_t counted, std::size_t width) {
  std::vector<TextColumn> columns(1);
  columns[0] = {"", "method"};
  for (const MethodResult& method : evaluation.methods) columns[0].push_back(escaped(method.name));
  for (const MetricColumn& metric : evaluation.metrics) columns.push_back(metric_column(evaluation, metric, counted));
  TextColumn seconds{"time", "s"};
  for (const MethodResult& method : evaluation.methods) seconds.push_back(fixed(method.seconds, 1));
  columns.push_back(std::move(seconds));
  return in_columns(columns, width);
}

std::string comparison_table(const Evaluation& evaluation, std::size_t width) {
  std::vector<TextColumn> columns{{"difference of"}, {"metric"}, {"mean"}, {"95 % interval"}, {"p"}, {"pairs"}};
  for (const Comparison& one : evaluation.comparisons) {
    const auto metric = std::find_if(evaluation.metrics.begin(), evaluation.metrics.end(),
                                     [&](const MetricColumn& column) { return column.name == one.metric; });
    DUHDR_CHECK(metric != evaluation.metrics.end(), "a comparison by ", escaped(one.metric));
    const int decimals = decimals_of(evaluation, *metric);
    const bool is_there = one.pairs > 0;
    columns[0].push_back(escaped(one.method) + " - " + escaped(one.other));
    columns[1].push_back(escaped(metric->title));
    columns[2].push_back(is_there ? fixed(one.difference, decimals) : "-");
    columns[3].push_back(is_there ? interval(one.low, one.high, decimals) : "-");
    columns[4].push_back(is_there ? p_value(one.p) : "-");
    columns[5].push_back(message(one.pairs));
  }
  return in_columns(columns, width);
}

}  // namespace

std::string report_text(const Evaluation& evaluation, std::size_t width, bool comparisons) {
  const std::vector<Exclusion> excluded = exclusions(evaluation);
  const std::size_t counted = evaluation.pairs.size() - excluded.size();
  std::string out = "protocol  " + escaped(evaluation.protocol) + ": " + escaped(evaluation.protocol_definition, 1000) +
                    "\nset       " + escaped(evaluation.set_name) + " (SHA-256 " + escaped(evaluation.set_sha256) +
                    ")\npairs     ";
  out += message(counted, " of ", evaluation.pairs.size(), " count");
  out += excluded.empty() ? "\n" : "; left out for every method:\n";
  for (const Exclusion& one : excluded)
    out += "          " + escaped(one.pair) + ": " + escaped(one.reason, 1000) + '\n';
  out += '\n' + method_table(evaluation, counted, width) +
         "Means over scenes, the pairs of each averaged first; 95 % intervals by bootstrap; * = best of its column.\n";
  if (comparisons && !evaluation.comparisons.empty()) out += '\n' + comparison_table(evaluation, width);
  if (!evaluation.remarks.empty()) out += '\n';
  for (const std::string& remark : evaluation.remarks) out += "remark: " + escaped(remark, 1000) + '\n';
  return out;
}

}  // namespace duhdr
