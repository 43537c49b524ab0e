// SPDX-License-Identifier: Apache-2.0
#include "bench/bench.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

namespace duhdr::bench {
namespace {

void report(benchmark::State& state, double flop, double bytes, const Peak& peak, double seconds) {
  if (bytes > 0) {
    state.counters["GB/s"] = bytes / seconds / 1e9;
    if (peak.bytes > 0) state.counters["of_copy"] = bytes / seconds / peak.bytes;
  }
  if (flop > 0) {
    state.counters["GFLOP/s"] = flop / seconds / 1e9;
    if (peak.flop > 0) state.counters["of_peak"] = flop / seconds / peak.flop;
  }
}

/// What is found out on the first of the calls by which the library finds its number of iterations.
struct Found {
  std::optional<std::string> fault;
  double bytes = 0;
};

void run(benchmark::State& state, const Benchmark& benchmark, const Settings& settings, Found& found) {
  if (!found.fault) {
    found.fault = benchmark.check();
    if (found.fault->empty() && benchmark.bytes) found.bytes = benchmark.bytes();
  }
  if (!found.fault->empty()) return state.SkipWithError(("wrong, not timed: " + *found.fault).c_str());
  const Work work = benchmark.prepare();
  double total = 0;
  const auto once = [&] {
    if (work.before) work.before();
    synchronize(settings.device);
    const auto start = std::chrono::steady_clock::now();
    work.timed();
    synchronize(settings.device);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  once();
  for (auto _ : state) {
    const double seconds = once();
    state.SetIterationTime(seconds);
    total += seconds;
  }
  report(state, benchmark.flop, found.bytes, settings.peak, total / static_cast<double>(state.iterations()));
}

}  // namespace

double square_error(const Tensor& value, const Tensor& reference) {
  if (value.shape() != reference.shape()) return std::numeric_limits<double>::infinity();
  const std::vector<double> a = value.to(Device::cpu()).to(DType::f64).to_vector<double>();
  const std::vector<double> b = reference.to(Device::cpu()).to(DType::f64).to_vector<double>();
  double error = 0, square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += (a[i] - b[i]) * (a[i] - b[i]);
    square += b[i] * b[i];
  }
  if (error == 0) return 0;
  return std::isfinite(error) && square > 0 ? error / square : std::numeric_limits<double>::infinity();
}

void add_benchmark(Benchmark benchmark, const Settings& settings) {
  const std::string name = benchmark.name;
  const auto found = std::make_shared<Found>();
  benchmark::RegisterBenchmark(name.c_str(),
                               [benchmark = std::move(benchmark), settings, found](benchmark::State& state) {
                                 try {
                                   run(state, benchmark, settings, *found);
                                 } catch (const Error& error) {
                                   state.SkipWithError(error.what());  // the others go on
                                 }
                               })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace duhdr::bench
