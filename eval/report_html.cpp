// SPDX-License-Identifier: Apache-2.0
#include "eval/report_html.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/html.h"
#include "base/html/embedded.h"
#include "eval/html/embedded.h"
#include "eval/report_html_parts.h"
#include "eval/report_table.h"

namespace duhdr {
namespace {

std::string with_unit(const MetricColumn& metric) {
  return html(metric.title + (metric.unit.empty() ? "" : " (" + metric.unit + ')'));
}

std::string head(const Evaluation& evaluation, std::size_t counted) {
  return "<header><h1>" + html(evaluation.set_name) + "<small>evaluation by duhdr " + html(evaluation.version) +
         "</small></h1><dl class=\"facts\"><dt>Protocol</dt><dd><b>" + html(evaluation.protocol) +
         "</b>: " + html(evaluation.protocol_definition) + "</dd><dt>Pairs</dt><dd>" +
         message(counted, " of ", evaluation.pairs.size(), " count") +
         "</dd><dt>Set</dt><dd>SHA-256 <span class=\"hash\">" + html(evaluation.set_sha256) + "</span></dd></dl>";
}

std::string callouts(const Evaluation& evaluation, const std::vector<Exclusion>& excluded) {
  std::string out;
  if (!excluded.empty()) {
    out += message("<div class=\"callout excluded\"><h2>Left out of every mean: ", excluded.size(), " of ",
                   evaluation.pairs.size(), " pairs</h2><ul>");
    for (const Exclusion& one : excluded) out += "<li><b>" + html(one.pair) + "</b>: " + html(one.reason) + "</li>";
    out += "</ul></div>";
  }
  if (!evaluation.remarks.empty()) {
    out += "<div class=\"callout\"><h2>Remarks</h2><ul>";
    for (const std::string& remark : evaluation.remarks) out += "<li>" + html(remark) + "</li>";
    out += "</ul></div>";
  }
  return out;
}

/// A head that sorts its column; `first` is the order of the first click. `title` is HTML.
std::string sort_head(const std::string& title, const std::string& note, const char* first) {
  return "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\" class=\"sort\" data-first=\"" +
         std::string(first) + "\">" + title + "<span class=\"arrow\" aria-hidden=\"true\"></span>" +
         (note.empty() ? "" : "<small>" + html(note) + "</small>") + "</button></th>";
}

/// A cell with the number that it sorts by, which JavaScript can read.
std::string cell(double key, const std::string& name, const std::string& content) {
  const std::string number = std::isinf(key) ? (key > 0 ? "Infinity" : "-Infinity") : shortest(key);
  return "<td data-key=\"" + number + '"' + (name.empty() ? "" : " class=\"" + name + '"') + '>' + content + "</td>";
}

/// Where the intervals of a column lie.
struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  explicit Extent(const Evaluation& evaluation, const std::string& metric) {
    for (const MethodResult& method : evaluation.methods)
      if (const Summary* summary = summary_of(method, metric))
        for (const double value : {summary->low, summary->mean, summary->high})
          if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
          }
  }

  /// An interval on the column's axis; nothing where there is no axis or no interval.
  std::string picture(const Summary& summary) const {
    if (!(low < high) || !std::isfinite(summary.low + summary.mean + summary.high)) return "";
    const auto percent = [this](double value) { return fixed(100 * (value - low) / (high - low), 2) + '%'; };
    return "<span class=\"interval\" aria-hidden=\"true\" style=\"--low:" + percent(summary.low) +
           ";--width:" + fixed(100 * (summary.high - summary.low) / (high - low), 2) +
           "%;--mean:" + percent(summary.mean) + "\"><i></i><b></b></span>";
  }
};

std::string interval(double low, double high, int decimals) {
  return fixed(low, decimals) + " … " + fixed(high, decimals);
}

/// One column of the table of methods, from the first to the last method.
std::vector<std::string> cells_of(const Evaluation& evaluation, const MetricColumn& metric, std::size_t counted) {
  const int decimals = decimals_of(evaluation, metric);
  const auto best = leaders(evaluation, metric);
  const Extent extent(evaluation, metric.name);
  std::vector<std::string> cells;
  for (const MethodResult& method : evaluation.methods) {
    const Summary* summary = summary_of(method, metric.name);
    if (summary == nullptr) {
      cells.emplace_back("<td>-</td>");
      continue;
    }
    const bool is_best = best.contains(method.name);
    std::string content = "<span class=\"number\">" + fixed(summary->mean, decimals) + "</span>";
    if (is_best) content += "<span class=\"visually-hidden\"> (best)</span>";
    content += extent.picture(*summary) + "<small>" + interval(summary->low, summary->high, decimals) + "</small>";
    if (static_cast<std::size_t>(summary->pairs) != counted)
      content += message("<small>", summary->pairs, summary->pairs == 1 ? " pair" : " pairs", "</small>");
    const double key = metric.better == Better::nearer_to_zero ? std::abs(summary->mean) : summary->mean;
    cells.push_back(cell(key, is_best ? "best" : "", content));
  }
  return cells;
}

std::string method_table(const Evaluation& evaluation, std::size_t counted) {
  std::string heads = sort_head("Method", "", "ascending");
  std::vector<std::string> rows;
  for (const MethodResult& method : evaluation.methods)
    rows.push_back("<tr><th scope=\"row\" data-key=\"" + html(method.name) + "\">" + html(method.name) + "<small>" +
                   html(method.description) + "</small></th>");
  for (const MetricColumn& metric : evaluation.metrics) {
    heads += sort_head(with_unit(metric), std::string(direction(metric.better)),
                       metric.better == Better::higher ? "descending" : "ascending");
    const std::vector<std::string> cells = cells_of(evaluation, metric, counted);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] += cells[i];
  }
  std::string body;
  for (const std::string& row : rows) body += row + "</tr>\n";
  std::string definitions;
  for (const MetricColumn& metric : evaluation.metrics)
    definitions += "<dt>" + with_unit(metric) + "</dt><dd>" + html(metric.definition) + " Here " +
                   std::string(direction(metric.better)) + ".</dd>";
  return "<section><h2>Methods</h2><p class=\"note\">Means over the scenes of the pairs that count, the pairs of a "
         "scene "
         "averaged first, with 95 % intervals by bootstrap over scenes, drawn on the axis of their column. A star "
         "marks the best mean of a column, among those over the "
         "most pairs. <span class=\"needs-script no-print\">A click on a head sorts.</span></p><div class=\"scroll\" "
         "role=\"region\" tabindex=\"0\" aria-label=\"Methods and metrics\"><table class=\"data methods\"><thead><tr>" +
         heads + "</tr></thead><tbody>\n" + body +
         "</tbody></table></div><details><summary>What the metrics measure</summary><dl>" + definitions +
         "</dl></details></section>";
}

std::string comparison_row(const Evaluation& evaluation, const Comparison& one) {
  const auto metric = std::find_if(evaluation.metrics.begin(), evaluation.metrics.end(),
                                   [&](const MetricColumn& column) { return column.name == one.metric; });
  DUHDR_CHECK(metric != evaluation.metrics.end(), "a comparison by ", escaped(one.metric));
  const int decimals = decimals_of(evaluation, *metric);
  std::string out = "<tr data-metric=\"" + html(one.metric) + '"' + '>';
  for (const std::string& text : {one.method, one.other, metric->title})
    out += "<td data-key=\"" + html(text) + "\">" + html(text) + "</td>";
  if (one.pairs == 0) return out + "<td>-</td><td>-</td><td>-</td><td data-key=\"0\">0</td></tr>";
  // The sign says who is better unless zero is best or may be the difference.
  const bool is_clear = metric->better != Better::nearer_to_zero && (one.low > 0 || one.high < 0);
  const bool is_gain = (one.difference > 0) == (metric->better == Better::higher);
  const std::string sign = one.difference > 0 ? "+" : "";
  return out +
         cell(one.difference,
              !is_clear ? ""
              : is_gain ? "good"
                        : "bad",
              sign + fixed(one.difference, decimals)) +
         "<td>" + interval(one.low, one.high, decimals) + "</td>" + cell(one.p, "", html(p_value(one.p))) +
         cell(static_cast<double>(one.pairs), "", message(one.pairs)) + "</tr>";
}

std::string comparison_table(const Evaluation& evaluation) {
  if (evaluation.comparisons.empty()) return "";
  std::string options = "<option value=\"\">all</option>", rows;
  for (const MetricColumn& metric : evaluation.metrics)
    options += "<option value=\"" + html(metric.name) + "\">" + html(metric.title) + "</option>";
  for (const Comparison& one : evaluation.comparisons) rows += comparison_row(evaluation, one) + '\n';
  return "<section><h2>Paired comparisons</h2><p class=\"note\">Mean of method minus other over the pairs that both "
         "have, its 95 % interval by bootstrap over scenes, and the two-sided p of the sign-flip permutation test. "
         "Green and red: the interval excludes zero, for or against the method.</p><div class=\"controls needs-script "
         "no-print\"><label>Metric<select id=\"comparison-metric\">" +
         options +
         "</select></label></div><div class=\"scroll tall\" role=\"region\" tabindex=\"0\" aria-label=\"Paired "
         "comparisons\"><table class=\"data names\" id=\"comparisons\"><thead><tr>" +
         sort_head("Method", "", "ascending") + sort_head("Other", "", "ascending") +
         sort_head("Metric", "", "ascending") + sort_head("Difference", "", "descending") +
         "<th scope=\"col\" class=\"plain\">95 % interval</th>" + sort_head("p", "", "ascending") +
         sort_head("Pairs", "", "descending") + "</tr></thead><tbody>\n" + rows + "</tbody></table></div></section>";
}

}  // namespace

std::string report_html(const Evaluation& evaluation) {
  const std::vector<Exclusion> excluded = exclusions(evaluation);
  const std::size_t counted = evaluation.pairs.size() - excluded.size();
  const std::string body = head(evaluation, counted) + callouts(evaluation, excluded) + "</header><main>" +
                           method_table(evaluation, counted) + comparison_table(evaluation) + wins_part(evaluation) +
                           pictures_part(evaluation) +
                           "</main><footer>This file is complete: it loads nothing and sends nothing.</footer><script "
                           "type=\"application/json\" id=\"data\">" +
                           page_data(evaluation, excluded) + "</script><script>" + std::string(embedded::pictures_js) +
                           std::string(embedded::report_js) + "</script>";
  return html_page(evaluation.set_name + ", " + evaluation.protocol + ": duhdr-eval",
                   std::string(embedded::pictures_css) + std::string(embedded::report_css), body);
}

}  // namespace duhdr
