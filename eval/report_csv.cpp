// SPDX-License-Identifier: Apache-2.0
#include "eval/report_csv.h"

#include <map>
#include <vector>

#include "eval/report_table.h"

namespace duhdr {
namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

std::string row(const std::vector<std::string>& fields) {
  std::string out;
  for (const std::string& text : fields) {
    if (&text != &fields[0]) out += ',';
    out += field(text);
  }
  return out += "\r\n";
}

}  // namespace

std::string report_csv(const Evaluation& evaluation) {
  std::map<std::string, std::string> refusals;
  for (const Exclusion& one : exclusions(evaluation)) refusals[one.pair] = one.reason;
  std::vector<std::string> fields{"protocol", "method", "pair", "refusal"};
  for (const MetricColumn& column : evaluation.metrics) fields.push_back(column.name);
  std::string out = row(fields);
  for (const MethodResult& method : evaluation.methods)
    for (const PairResult& result : method.pairs) {
      const auto refusal = refusals.find(result.pair);
      const bool counts = refusal == refusals.end();
      fields = {evaluation.protocol, method.name, result.pair, counts ? "" : refusal->second};
      for (const MetricColumn& column : evaluation.metrics) {
        const double* value = counts ? value_of(result, column.name) : nullptr;
        fields.push_back(value != nullptr ? shortest(*value) : "");
      }
      out += row(fields);
    }
  return out;
}

}  // namespace duhdr
