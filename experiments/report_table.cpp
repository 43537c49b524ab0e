// SPDX-License-Identifier: Apache-2.0
#include "experiments/report_table.h"

#include "base/error.h"
#include "eval/report_table.h"

namespace duhdr {
namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

std::string mean_of(const Evaluation& set, const ExperimentLine& line, const MetricColumn& metric) {
  const Summary* summary = summary_of_row(set, line.row, metric.name);
  if (summary == nullptr) return "-";
  const int decimals = decimals_of(set, metric);
  return message(fixed(summary->mean, decimals), " [", fixed(summary->low, decimals), ", ",
                 fixed(summary->high, decimals), "]");
}

}  // namespace

Facts facts_of(const ExperimentResult& result) {
  Facts facts{{"budget", result.budget.text()},
              {"base", message(result.base_name, ", seed ", result.seed)},
              {"data", joined(result.sources)}};
  if (!result.evaluations.empty()) {
    const Evaluation& first = result.evaluations.front();
    facts.emplace_back("protocol", first.protocol + ": " + first.protocol_definition);
  }
  facts.emplace_back("rows", result.experiment.note);
  for (const ExperimentRow& row : result.experiment.rows)
    if (!row.absent.empty()) facts.emplace_back("not here", row.title + ": " + row.absent);
  return facts;
}

Facts facts_of(const Evaluation& set) {
  const std::vector<Exclusion> excluded = exclusions(set);
  Facts facts{{"set", message(set.set_name, " (SHA-256 ", set.set_sha256, ")")},
              {"pairs", message(set.pairs.size() - excluded.size(), " of ", set.pairs.size(), " count")}};
  for (const Exclusion& one : excluded) facts.emplace_back("left out", one.pair + ": " + one.reason);
  for (const std::string& remark : set.remarks) facts.emplace_back("remark", remark);
  return facts;
}

ResultTable table_of(const ExperimentResult& result, const Evaluation& set, const ExperimentGroup& group) {
  ResultTable table{.heads = {group.head}, .lines = {}};
  const std::set<std::string> papers = paper_sets(result.experiment);
  for (const MetricColumn& metric : set.metrics)
    table.heads.push_back(metric.title + (metric.unit.empty() ? "" : " (" + metric.unit + ")"));
  for (const std::string& paper : papers) table.heads.push_back("paper, " + paper);
  for (const ExperimentLine& line : group.lines) {
    std::vector<std::string> cells{line.label};
    for (const MetricColumn& metric : set.metrics) cells.push_back(mean_of(set, line, metric));
    const std::map<std::string, double>& known = result.experiment.row(line.row).paper;
    for (const std::string& paper : papers) cells.push_back(known.contains(paper) ? shortest(known.at(paper)) : "-");
    table.lines.push_back(std::move(cells));
  }
  return table;
}

std::set<std::string> paper_sets(const Experiment& experiment) {
  std::set<std::string> names;
  for (const ExperimentRow& row : experiment.rows)
    for (const auto& [name, value] : row.paper) names.insert(name);
  return names;
}

const Summary* summary_of_row(const Evaluation& set, const std::string& row, const std::string& metric) {
  for (const MethodResult& method : set.methods)
    if (method.name == row) return summary_of(method, metric);
  return nullptr;
}

}  // namespace duhdr
