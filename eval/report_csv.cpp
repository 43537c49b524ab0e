// SPDX-License-Identifier: Apache-2.0
#include "eval/report_csv.h"

#include <map>
#include <vector>

#include "eval/csv.h"
#include "eval/report_table.h"

namespace duhdr {
std::string report_csv(const Evaluation& evaluation) {
  std::map<std::string, std::string> refusals;
  for (const Exclusion& one : exclusions(evaluation)) refusals[one.pair] = one.reason;
  std::vector<std::string> fields{"protocol", "method", "pair", "refusal"};
  for (const MetricColumn& column : evaluation.metrics) fields.push_back(column.name);
  std::string out = csv_row(fields);
  for (const MethodResult& method : evaluation.methods)
    for (const PairResult& result : method.pairs) {
      const auto refusal = refusals.find(result.pair);
      const bool counts = refusal == refusals.end();
      fields = {evaluation.protocol, method.name, result.pair, counts ? "" : refusal->second};
      for (const MetricColumn& column : evaluation.metrics) {
        const double* value = counts ? value_of(result, column.name) : nullptr;
        fields.push_back(value != nullptr ? shortest(*value) : "");
      }
      out += csv_row(fields);
    }
  return out;
}

}  // namespace duhdr
