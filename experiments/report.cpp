// SPDX-License-Identifier: Apache-2.0
#include "experiments/report.h"

#include <algorithm>
#include <cmath>

#include "eval/csv.h"
#include "eval/report_table.h"
#include "eval/text_columns.h"
#include "experiments/report_table.h"

namespace duhdr {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t terminal_width = 120;

std::string text_of(const Facts& facts) {
  std::string out;
  for (const auto& [name, text] : facts) {
    out += name;
    out.append(10 - std::min<std::size_t>(9, name.size()), ' ') += escaped(text, 1000) + '\n';
  }
  return out;
}

std::string text_of(const ResultTable& table) {
  std::vector<TextColumn> columns;
  for (std::size_t i = 0; i < table.heads.size(); ++i) {
    TextColumn column{escaped(table.heads[i])};
    for (const std::vector<std::string>& line : table.lines) column.push_back(escaped(line[i]));
    columns.push_back(std::move(column));
  }
  return in_columns(columns, terminal_width);
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(shortest(value)); }

Json json_of(const Summary& summary) {
  return {{"mean", number(summary.mean)},
          {"low", number(summary.low)},
          {"high", number(summary.high)},
          {"pairs", summary.pairs}};
}

Json json_of(const ExperimentResult& result, const ExperimentRow& row) {
  Json schedule = Json::array(), results = Json::object();
  for (const RowStage& stage : row.schedule) schedule.push_back(stage.stage);
  for (const Evaluation& set : result.evaluations)
    for (const MetricColumn& metric : set.metrics)
      if (const Summary* summary = summary_of_row(set, row.name, metric.name))
        results[set.set_name][metric.name] = json_of(*summary);
  return {{"name", row.name}, {"title", row.title},   {"schedule", schedule}, {"change", row.change},
          {"init", row.init}, {"absent", row.absent}, {"paper", row.paper},   {"results", results}};
}

Json json_of(const ExperimentGroup& group) {
  Json lines = Json::array();
  for (const ExperimentLine& line : group.lines) lines.push_back({{"label", line.label}, {"row", line.row}});
  return {{"title", group.title}, {"lines", lines}};
}

Json json_of(const Evaluation& set) {
  Json excluded = Json::array();
  for (const Exclusion& one : exclusions(set)) excluded.push_back({{"pair", one.pair}, {"reason", one.reason}});
  return {{"name", set.set_name}, {"sha256", set.set_sha256}, {"pairs", set.pairs}, {"excluded", excluded}};
}

}  // namespace

std::string experiment_text(const ExperimentResult& result) {
  std::string out = result.experiment.title + '\n' + text_of(facts_of(result));
  for (const Evaluation& set : result.evaluations) {
    out += '\n' + text_of(facts_of(set));
    for (const ExperimentGroup& group : result.experiment.groups)
      out += '\n' + (group.title.empty() ? "" : group.title + '\n') + text_of(table_of(result, set, group));
  }
  return out +
         "\nMeans over the pairs with 95 % intervals by bootstrap over scenes; the paper's numbers are HDR-VDP.\n";
}

std::string experiment_csv(const ExperimentResult& result) {
  std::string out = csv_row(
      {"experiment", "budget", "protocol", "group", "label", "row", "set", "metric", "mean", "low", "high", "pairs"});
  for (const ExperimentGroup& group : result.experiment.groups)
    for (const ExperimentLine& line : group.lines) {
      const auto row = [&](const std::string& protocol, const std::string& set, const std::string& metric,
                           const std::vector<std::string>& numbers) {
        std::vector<std::string> fields{
            result.experiment.name, result.budget.text(), protocol, group.title, line.label, line.row, set, metric};
        fields.insert(fields.end(), numbers.begin(), numbers.end());
        out += csv_row(fields);
      };
      for (const Evaluation& set : result.evaluations)
        for (const MetricColumn& metric : set.metrics)
          if (const Summary* summary = summary_of_row(set, line.row, metric.name))
            row(set.protocol, set.set_name, metric.name,
                {shortest(summary->mean), shortest(summary->low), shortest(summary->high), message(summary->pairs)});
      for (const auto& [set, value] : result.experiment.row(line.row).paper)
        row("", "paper: " + set, "HDR-VDP", {shortest(value), "", "", ""});
    }
  return out;
}

std::string experiment_json(const ExperimentResult& result) {
  Json sets = Json::array(), metrics = Json::array(), rows = Json::array(), groups = Json::array();
  for (const Evaluation& set : result.evaluations) sets.push_back(json_of(set));
  for (const MetricColumn& metric : result.evaluations.front().metrics) metrics.push_back(metric.name);
  for (const ExperimentRow& row : result.experiment.rows) rows.push_back(json_of(result, row));
  for (const ExperimentGroup& group : result.experiment.groups) groups.push_back(json_of(group));
  const Json out{{"duhdr", result.version},
                 {"experiment", result.experiment.name},
                 {"title", result.experiment.title},
                 {"note", result.experiment.note},
                 {"budget", {{"name", result.budget.name}, {"steps_a_stage", result.budget.steps}}},
                 {"base", result.base_name},
                 {"seed", result.seed},
                 {"sources", result.sources},
                 {"protocol", result.evaluations.front().protocol},
                 {"sets", std::move(sets)},
                 {"metrics", std::move(metrics)},
                 {"rows", std::move(rows)},
                 {"groups", std::move(groups)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace duhdr
