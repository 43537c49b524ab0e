// SPDX-License-Identifier: Apache-2.0
#include "eval/summary.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/statistics.h"
#include "eval/sanity.h"

namespace duhdr {
namespace {

class SceneMeans {
 public:
  void add(const std::string& scene, double value) {
    auto& [sum, count] = sums_[scene];
    sum += value;
    ++count;
    ++pairs_;
  }
  std::vector<double> values() const {
    std::vector<double> means;
    for (const auto& [scene, sum] : sums_) means.push_back(sum.first / static_cast<double>(sum.second));
    return means;
  }
  std::int64_t pairs() const { return pairs_; }

 private:
  std::map<std::string, std::pair<double, std::int64_t>> sums_;
  std::int64_t pairs_ = 0;
};

/// Where one method cannot be compared, none is: all are measured by the same pairs.
void share_refusals(Evaluation& evaluation) {
  for (std::size_t p = 0; p < evaluation.pairs.size(); ++p) {
    std::string refusal;
    for (const MethodResult& method : evaluation.methods)
      if (refusal.empty()) refusal = method.pairs[p].refusal;
    if (refusal.empty()) continue;
    for (MethodResult& method : evaluation.methods) {
      method.pairs[p].refusal = refusal;
      method.pairs[p].values.clear();
    }
    evaluation.pictures.erase(evaluation.pairs[p]);
  }
}

std::optional<double> value_of(const PairResult& result, const std::string& metric) {
  const auto found = result.values.find(metric);
  return found == result.values.end() ? std::nullopt : std::optional(found->second);
}

Summary summary_of(const MethodResult& method, const std::string& metric, const std::vector<std::string>& scenes) {
  SceneMeans means;
  for (std::size_t p = 0; p < scenes.size(); ++p)
    if (const auto value = value_of(method.pairs[p], metric)) means.add(scenes[p], *value);
  const std::vector<double> values = means.values();
  const Interval interval = bootstrap_interval(values);
  return {interval.mean, interval.low, interval.high, means.pairs()};
}

/// Smaller is better of everything that is 0 at best.
double cost(const MetricColumn& metric, double value) {
  return metric.better == Better::nearer_to_zero ? std::abs(value) : value;
}

std::optional<Comparison> comparison_of(const MetricColumn& metric, const MethodResult& method,
                                        const MethodResult& other, const std::vector<std::string>& scenes) {
  SceneMeans means;
  for (std::size_t p = 0; p < scenes.size(); ++p) {
    const auto a = value_of(method.pairs[p], metric.name), b = value_of(other.pairs[p], metric.name);
    if (a && b) means.add(scenes[p], *a == *b ? 0 : cost(metric, *a) - cost(metric, *b));  // of equal infinities, too
  }
  const std::vector<double> values = means.values();
  if (values.empty() || !std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    return std::nullopt;
  const Interval interval = bootstrap_interval(values);
  return Comparison{.metric = metric.name,
                    .method = method.name,
                    .other = other.name,
                    .difference = interval.mean,
                    .low = interval.low,
                    .high = interval.high,
                    .p = sign_flip_p(values),
                    .pairs = means.pairs()};
}

/// Every method with the first one. Where one of them is the truth and the other is not, their difference is infinite:
/// that is no comparison, and is said.
void compare(Evaluation& evaluation, const std::vector<std::string>& scenes) {
  const MethodResult& first = evaluation.methods.front();
  for (const MetricColumn& metric : evaluation.metrics)
    for (std::size_t m = 1; m < evaluation.methods.size(); ++m) {
      const MethodResult& method = evaluation.methods[m];
      if (const auto comparison = comparison_of(metric, method, first, scenes))
        evaluation.comparisons.push_back(*comparison);
      else if (first.summaries.contains(metric.name) && method.summaries.contains(metric.name))
        evaluation.remarks.push_back(message(metric.title, ": ", method.name, " and ", first.name,
                                             " are not compared, as their difference is infinite (equal pictures)"));
    }
}

const MetricColumn* column_of(const Evaluation& evaluation, const std::string& name) {
  for (const MetricColumn& column : evaluation.metrics)
    if (column.name == name) return &column;
  return nullptr;
}

/// What the photograph shows without any reconstruction: the better linearisation of those that are there.
const MethodResult* base_of(const Evaluation& evaluation) {
  for (const std::string_view name : {sanity_base, std::string_view("srgb")})
    for (const MethodResult& method : evaluation.methods)
      if (method.name == name) return &method;
  return nullptr;
}

/// More light where the truth is bright is no reconstruction when its distribution is as wrong as before. A better mean
/// of energy is enough, as a constant gain is too much for some pictures; the structure has to be better beyond chance.
void remark_on_gains(Evaluation& evaluation, const std::vector<std::string>& scenes) {
  const MetricColumn *energy = column_of(evaluation, "energy"), *structure = column_of(evaluation, "structure");
  const MethodResult* base = base_of(evaluation);
  if (energy == nullptr || structure == nullptr || base == nullptr) return;
  for (const MethodResult& method : evaluation.methods) {
    if (&method == base) continue;
    const auto gained = comparison_of(*energy, method, *base, scenes);
    const auto shaped = comparison_of(*structure, method, *base, scenes);
    constexpr double visible = 1e-6;  // rounding moves structure by less
    if (gained && shaped && gained->difference < 0 && shaped->high >= -visible)
      evaluation.remarks.push_back(message(method.name, ": nearer to the true energy of highlights than ", base->name,
                                           " without being nearer to their structure: a gain, no reconstruction"));
  }
}

/// A metric that some of the pairs do not define is averaged over fewer of them, and says so.
void remark_on_undefined(Evaluation& evaluation) {
  std::int64_t counted = 0;
  for (const PairResult& result : evaluation.methods.front().pairs) counted += result.refusal.empty() ? 1 : 0;
  for (const MetricColumn& metric : evaluation.metrics) {
    std::int64_t least = counted;
    for (const MethodResult& method : evaluation.methods) {
      const auto found = method.summaries.find(metric.name);
      least = std::min(least, found == method.summaries.end() ? 0 : found->second.pairs);
    }
    if (least < counted)
      evaluation.remarks.push_back(message(metric.title, ": not defined for ", counted - least, " of ", counted,
                                           " pairs", metric.needs.empty() ? "" : ", needs " + metric.needs,
                                           least > 0 ? "; its means are over the others" : ""));
  }
}

}  // namespace

void summarise(Evaluation& evaluation, const std::vector<std::string>& scenes) {
  DUHDR_CHECK(!evaluation.methods.empty() && scenes.size() == evaluation.pairs.size(), "an evaluation of ",
              evaluation.methods.size(), " methods and ", scenes.size(), " scenes");
  share_refusals(evaluation);
  for (MethodResult& method : evaluation.methods)
    for (const MetricColumn& metric : evaluation.metrics)
      if (const Summary summary = summary_of(method, metric.name, scenes); summary.pairs > 0)
        method.summaries[metric.name] = summary;
  compare(evaluation, scenes);
  remark_on_gains(evaluation, scenes);
  remark_on_undefined(evaluation);
}

}  // namespace duhdr
