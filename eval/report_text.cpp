// SPDX-License-Identifier: Apache-2.0
#include "eval/report_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "eval/report_table.h"

namespace duhdr {
namespace {

using Column = std::vector<std::string>;  // cells from top to bottom
constexpr std::size_t gap = 3;            // spaces between columns

/// Characters of UTF-8 text.
std::size_t length(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::size_t width_of(const Column& column) {
  std::size_t most = 0;
  for (const std::string& cell : column) most = std::max(most, length(cell));
  return most;
}

/// Columns side by side, all of the same height.
std::string laid_out(const std::vector<Column>& columns) {
  std::string out;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    std::string line;
    for (const Column& column : columns) {
      if (&column != &columns[0]) line.append(gap, ' ');
      line += column[i];
      line.append(width_of(column) - length(column[i]), ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return out;
}

/// The same in blocks of at most `width`, each with the first column.
std::string wrapped(const std::vector<Column>& columns, std::size_t width) {
  std::string out;
  for (std::size_t next = 1; next < columns.size();) {
    std::vector<Column> block{columns[0]};
    std::size_t used = width_of(columns[0]);
    do {
      used += gap + width_of(columns[next]);
      block.push_back(columns[next++]);
    } while (next < columns.size() && used + gap + width_of(columns[next]) <= width);
    if (!out.empty()) out += '\n';
    out += laid_out(block);
  }
  return out;
}

std::string interval(double low, double high, int decimals) {
  return '[' + fixed(low, decimals) + ", " + fixed(high, decimals) + ']';
}

Column metric_column(const Evaluation& evaluation, const MetricColumn& metric, std::size_t counted) {
  const int decimals = decimals_of(evaluation, metric);
  const auto best = leaders(evaluation, metric);
  Column cells{escaped(metric.title + (metric.unit.empty() ? "" : " (" + metric.unit + ')')),
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
  std::vector<Column> columns(1);
  columns[0] = {"", "method"};
  for (const MethodResult& method : evaluation.methods) columns[0].push_back(escaped(method.name));
  for (const MetricColumn& metric : evaluation.metrics) columns.push_back(metric_column(evaluation, metric, counted));
  Column seconds{"time", "s"};
  for (const MethodResult& method : evaluation.methods) seconds.push_back(fixed(method.seconds, 1));
  columns.push_back(std::move(seconds));
  return wrapped(columns, width);
}

std::string comparison_table(const Evaluation& evaluation, std::size_t width) {
  std::vector<Column> columns{{"difference of"}, {"metric"}, {"mean"}, {"95 % interval"}, {"p"}, {"pairs"}};
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
  return wrapped(columns, width);
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
