// SPDX-License-Identifier: Apache-2.0
#include "eval/report_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "eval/report_table.h"

namespace duhdr {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  if (std::isnan(value)) return nullptr;
  return std::isinf(value) ? Json(shortest(value)) : Json(value);
}

Json json_of(const MetricColumn& column) {
  return {{"name", column.name},
          {"title", column.title},
          {"unit", column.unit},
          {"definition", column.definition},
          {"better", name_of(column.better)}};
}

Json json_of(const PairResult& result, const std::vector<MetricColumn>& columns) {
  Json values = Json::object();
  for (const MetricColumn& column : columns)
    if (const double* value = value_of(result, column.name)) values[column.name] = number(*value);
  return {
      {"pair", result.pair}, {"refusal", result.refusal}, {"values", std::move(values)}, {"warnings", result.warnings}};
}

Json json_of(const MethodResult& method, const std::vector<MetricColumn>& columns) {
  Json summaries = Json::object(), pairs = Json::array();
  for (const MetricColumn& column : columns)
    if (const Summary* summary = summary_of(method, column.name))
      summaries[column.name] = {{"mean", number(summary->mean)},
                                {"low", number(summary->low)},
                                {"high", number(summary->high)},
                                {"pairs", summary->pairs}};
  for (const PairResult& result : method.pairs) pairs.push_back(json_of(result, columns));
  return {{"name", method.name},
          {"description", method.description},
          {"summaries", std::move(summaries)},
          {"pairs", std::move(pairs)}};
}

Json json_of(const Comparison& comparison) {
  return {{"metric", comparison.metric},   {"method", comparison.method},
          {"other", comparison.other},     {"difference", number(comparison.difference)},
          {"low", number(comparison.low)}, {"high", number(comparison.high)},
          {"p", number(comparison.p)},     {"pairs", comparison.pairs}};
}

}  // namespace

std::string report_json(const Evaluation& evaluation) {
  Json excluded = Json::array(), metrics = Json::array(), methods = Json::array(), comparisons = Json::array();
  for (const Exclusion& one : exclusions(evaluation))
    excluded.push_back(Json{{"pair", one.pair}, {"reason", one.reason}});
  for (const MetricColumn& column : evaluation.metrics) metrics.push_back(json_of(column));
  for (const MethodResult& method : evaluation.methods) methods.push_back(json_of(method, evaluation.metrics));
  for (const Comparison& comparison : evaluation.comparisons) comparisons.push_back(json_of(comparison));
  const std::size_t counted = evaluation.pairs.size() - excluded.size();
  const Json out{{"duhdr", evaluation.version},
                 {"protocol", {{"name", evaluation.protocol}, {"definition", evaluation.protocol_definition}}},
                 {"set", {{"name", evaluation.set_name}, {"sha256", evaluation.set_sha256}}},
                 {"pairs", evaluation.pairs},
                 {"pairs_counted", counted},
                 {"excluded", std::move(excluded)},
                 {"metrics", std::move(metrics)},
                 {"methods", std::move(methods)},
                 {"comparisons", std::move(comparisons)},
                 {"remarks", evaluation.remarks}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace duhdr
