// SPDX-License-Identifier: Apache-2.0
// duhdr-bench: microbenchmarks. Its own options come first; those that begin with --benchmark_ are Google Benchmark's.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "bench/bench.h"
#include "bench/regression.h"

namespace {

using namespace duhdr;

struct Options {
  std::string device = "cpu";
  std::string serve, serve_training, config, precision = "f32";
  bool masked = false;
  std::string compare;
  double fail_above = 0.05;
  std::int64_t size = 512;
  int threads = 0;
};

/// Parses our options and returns the library's.
std::vector<std::string> parse(CLI::App& app, Options& options, int argc, char** argv) {
  std::vector<std::string> ours, theirs{argv[0]};
  for (int i = argc - 1; i > 0; --i) {
    const std::string argument = argv[i];
    if (argument.starts_with("--benchmark_"))
      theirs.insert(theirs.begin() + 1, argument);
    else
      ours.push_back(argument);  // in reverse, as CLI11 wants them
  }
  app.add_option("-d,--device", options.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("-j,--threads", options.threads, "threads of CPU ops; 0 = all")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--size", options.size, "side of the image of networks and chains, a multiple of 32")
      ->check(CLI::Range(std::int64_t{32}, std::int64_t{8192}))
      ->capture_default_str();
  app.add_option("--serve", options.serve, "load this model directory and run its chain on request (stdin)")
      ->type_name("DIR");
  app.add_flag("--masked", options.masked, "of --serve: leave out tiles that the mask does not need");
  app.add_option("--serve-training", options.serve_training, "run steps of this training stage on request (stdin)");
  app.add_option("--config", options.config, "of --serve-training: configuration whose networks are taken")
      ->type_name("FILE");
  app.add_option("--precision", options.precision, "of --serve-training: f32 or mixed")
      ->check(CLI::IsMember({"f32", "mixed"}))
      ->capture_default_str();
  app.add_option("--compare", options.compare, "an earlier --benchmark_out: what got slower is told, and ends with 1")
      ->type_name("JSON");
  app.add_option_function<std::string>(
         "--fail-above", [&options](const std::string& text) { options.fail_above = bench::share_of(text); },
         "of --compare: by how much the median of the repetitions may be slower")
      ->type_name("PERCENT")
      ->default_str("5%");
  app.footer("Options that begin with --benchmark_ go to Google Benchmark, for example --benchmark_filter=REGEX.");
  app.parse(ours);
  if (options.size % 32 != 0) throw Error(ExitCode::usage, message("--size: ", options.size, " is no multiple of 32"));
  return theirs;
}

ExitCode run_benchmarks(const Options& options, Device device, std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (count > 1) throw Error(ExitCode::usage, escaped(pointers[1]) + ": unknown option; see duhdr-bench --help");
  const bench::Settings settings{device, options.size, bench::measure_peak(device)};
  benchmark::AddCustomContext("device", info_of(device).name);
  benchmark::AddCustomContext("threads", std::to_string(cpu_threads()));
  benchmark::AddCustomContext("peak_gflop_per_second", message(settings.peak.flop / 1e9));
  benchmark::AddCustomContext("copy_gb_per_second", message(settings.peak.bytes / 1e9));
  bench::add_op_benchmarks(settings);
  bench::add_network_benchmarks(settings);
  bench::add_layer_benchmarks(settings);
  bench::add_metric_benchmarks(settings);
  if (options.compare.empty()) {
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return ExitCode::done;
  }
  bench::Regression regression(options.compare, cpu_threads());
  benchmark::RunSpecifiedBenchmarks(&regression);
  benchmark::Shutdown();
  return regression.report(options.fail_above) ? ExitCode::done : ExitCode::internal;
}

int run(int argc, char** argv) {
  CLI::App app("Times every op, network, chain and metric, each after a check against double precision.");
  Options options;
  std::vector<std::string> library_arguments;
  try {
    library_arguments = parse(app, options, argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    throw Error(ExitCode::usage, escaped(error.what()) + "; see duhdr-bench --help");
  }
  const Device device = parse_device(options.device);
  set_cpu_threads(options.threads);
  if (!options.serve.empty())
    bench::serve_chain(options.serve, device, options.masked);
  else if (!options.serve_training.empty())
    bench::serve_training(
        {options.serve_training, options.config, options.precision == "mixed" ? DType::bf16 : DType::f32}, device);
  else
    return static_cast<int>(run_benchmarks(options, device, std::move(library_arguments)));
  return static_cast<int>(ExitCode::done);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "error: out of memory\n");
    return static_cast<int>(ExitCode::out_of_memory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", escaped(error.what()).c_str());
    return static_cast<int>(ExitCode::internal);
  }
}
