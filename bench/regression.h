// SPDX-License-Identifier: Apache-2.0
// What got slower since an earlier run of duhdr-bench.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace duhdr::bench {

/// "5%" -> 0.05. Throws usage on what is no percentage from 0 to 1000.
double share_of(const std::string& percent);

/// Shows results as they come and keeps the time of every repetition.
class Regression : public benchmark::ConsoleReporter {
 public:
  using Times = std::map<std::string, std::vector<double>>;  // of a benchmark's repetitions, ms

  /// `file`: what --benchmark_out wrote. Throws usage when it was of another number of threads, or has no times.
  Regression(const std::string& file, int threads);
  void ReportRuns(const std::vector<Run>& runs) override;

  /// Prints what is slower: the median by more than `limit`, and even the fastest repetition slower than the old median
  /// (one repetition is its own median). False: there is such, or nothing could be compared, or something failed.
  bool report(double limit) const;

 private:
  Times before_, now_;
  bool failed_ = false;
};

}  // namespace duhdr::bench
