// SPDX-License-Identifier: Apache-2.0
#include "eval/report_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace duhdr {

std::vector<Exclusion> exclusions(const Evaluation& evaluation) {
  std::vector<Exclusion> found;
  for (std::size_t i = 0; i < evaluation.pairs.size(); ++i) {
    std::vector<std::pair<std::string, std::string>> said;  // reason, methods
    std::size_t voices = 0;
    for (const MethodResult& method : evaluation.methods) {
      DUHDR_CHECK(method.pairs.size() == evaluation.pairs.size() && method.pairs[i].pair == evaluation.pairs[i],
                  escaped(method.name), " has another list of pairs than the evaluation");
      const std::string& reason = method.pairs[i].refusal;
      if (reason.empty()) continue;
      ++voices;
      const auto known = std::find_if(said.begin(), said.end(), [&](const auto& one) { return one.first == reason; });
      if (known == said.end())
        said.emplace_back(reason, method.name);
      else
        known->second += ", " + method.name;
    }
    if (said.empty()) continue;
    std::string text;
    if (said.size() == 1 && voices == evaluation.methods.size())
      text = said[0].first;
    else
      for (const auto& [reason, names] : said) text += message(text.empty() ? "" : "; ", names, ": ", reason);
    found.push_back({evaluation.pairs[i], text});
  }
  return found;
}

const Summary* summary_of(const MethodResult& method, const std::string& metric) {
  const auto found = method.summaries.find(metric);
  const bool is_there = found != method.summaries.end() && found->second.pairs > 0 && !std::isnan(found->second.mean);
  return is_there ? &found->second : nullptr;
}

const double* value_of(const PairResult& result, const std::string& metric) {
  const auto found = result.values.find(metric);
  return found != result.values.end() && !std::isnan(found->second) ? &found->second : nullptr;
}

double merit(Better better, double value) {
  if (better == Better::higher) return value;
  return better == Better::lower ? -value : -std::abs(value);
}

std::set<std::string> leaders(const Evaluation& evaluation, const MetricColumn& column) {
  std::int64_t most = 0;
  for (const MethodResult& method : evaluation.methods)
    if (const Summary* summary = summary_of(method, column.name)) most = std::max(most, summary->pairs);
  std::set<std::string> best;
  double best_merit = 0;
  int rivals = 0;
  for (const MethodResult& method : evaluation.methods) {
    const Summary* summary = summary_of(method, column.name);
    if (summary == nullptr || summary->pairs < most) continue;
    const double worth = merit(column.better, summary->mean);
    if (rivals++ == 0 || worth > best_merit) {
      best_merit = worth;
      best.clear();
    }
    if (!(worth < best_merit)) best.insert(method.name);
  }
  return rivals < 2 ? std::set<std::string>() : best;
}

int decimals_of(const Evaluation& evaluation, const MetricColumn& column) {
  double largest = 0;
  for (const MethodResult& method : evaluation.methods)
    if (const Summary* summary = summary_of(method, column.name); summary != nullptr && std::isfinite(summary->mean))
      largest = std::max(largest, std::abs(summary->mean));
  const int before = largest > 0 ? static_cast<int>(std::floor(std::log10(largest))) + 1 : 0;
  return std::clamp(4 - std::max(before, 0), 0, 4);
}

std::string fixed(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (std::abs(value) >= 1e9) return shortest(value);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string p_value(double p) { return p < 0.0001 ? "< 0.0001" : fixed(p, 4); }

std::string shortest(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::string_view direction(Better better) {
  if (better == Better::higher) return "higher is better";
  return better == Better::lower ? "lower is better" : "nearer to zero is better";
}

std::string_view name_of(Better better) {
  if (better == Better::higher) return "higher";
  return better == Better::lower ? "lower" : "nearer-to-zero";
}

}  // namespace duhdr
