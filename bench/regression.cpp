// SPDX-License-Identifier: Apache-2.0
#include "bench/regression.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

namespace duhdr::bench {
namespace {

constexpr std::size_t largest_file = std::size_t{64} << 20;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

double share_of(const std::string& percent) {
  double value = -1;
  const char *begin = percent.data(), *end = begin + percent.size();
  const auto [rest, fault] = std::from_chars(begin, end, value);
  const bool understood = fault == std::errc() && (rest == end || std::string_view(rest, end) == "%");
  if (!understood || !(value >= 0 && value <= 1000))
    throw Error(ExitCode::usage, "--fail-above: " + escaped(percent) + " is no percentage from 0% to 1000%");
  return value / 100;
}

Regression::Regression(const std::string& file, int threads) {
  const Bytes bytes = read_file(file, largest_file, ExitCode::usage);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  const nlohmann::json json = nlohmann::json::parse(text, text + bytes.size(), nullptr, /*allow_exceptions=*/false);
  try {
    if (const std::string old = json.at("context").at("threads"); old != std::to_string(threads))
      throw Error(ExitCode::usage, message(shown(file), ": of ", escaped(old), " threads, now there are ", threads));
    for (const nlohmann::json& run : json.at("benchmarks"))
      if (run.at("run_type") == "iteration" && !run.value("error_occurred", false))
        before_[run.at("run_name")].push_back(run.at("real_time"));
  } catch (const nlohmann::json::exception& error) {
    throw Error(ExitCode::usage, message(shown(file), ": no result of duhdr-bench (", escaped(error.what()), ")"));
  }
}

void Regression::ReportRuns(const std::vector<Run>& runs) {
  ConsoleReporter::ReportRuns(runs);
  for (const Run& run : runs) {
    failed_ |= run.error_occurred;
    if (run.run_type == Run::RT_Iteration && !run.error_occurred)
      now_[run.run_name.str()].push_back(run.GetAdjustedRealTime());
  }
}

bool Regression::report(double limit) const {
  std::size_t compared = 0, slower = 0;
  for (const auto& [name, times] : now_) {
    const auto old = before_.find(name);
    if (old == before_.end()) continue;
    ++compared;
    const double was = median(old->second), is = median(times);
    if (!(is > was * (1 + limit) && *std::ranges::min_element(times) > was)) continue;
    if (slower++ == 0) std::printf("\n%-90s %12s %12s %8s\n", "slower", "before ms", "now ms", "by");
    std::printf("%-90s %12.4f %12.4f %7.1f%%\n", name.c_str(), was, is, 100 * (is / was - 1));
  }
  std::printf("%zu compared, %zu slower by more than %g%%\n", compared, slower, 100 * limit);
  return compared > 0 && slower == 0 && !failed_;
}

}  // namespace duhdr::bench
