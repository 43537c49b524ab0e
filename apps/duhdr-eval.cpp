// SPDX-License-Identifier: Apache-2.0
// duhdr-eval: how good reconstructions are, by a named protocol, method beside method.
#include <spdlog/spdlog.h>

#include <cstdio>

#include "apps/eval_options.h"
#include "apps/eval_progress.h"
#include "apps/experiment_options.h"
#include "apps/named_method.h"
#include "apps/program.h"
#include "base/file.h"
#include "eval/report_csv.h"
#include "eval/report_html.h"
#include "eval/report_json.h"
#include "eval/report_markdown.h"
#include "eval/report_text.h"
#include "eval/sanity.h"

namespace duhdr {
namespace {

int list(const EvalOptions& options) {
  const auto row = [](std::string_view name, std::string_view text) {
    std::printf("%-24s %s\n", std::string(name).c_str(), std::string(text).c_str());
  };
  if (options.list_methods) {
    print_methods();
    for (const SanityRow& rows : sanity_rows()) row(rows.name, rows.title);
  }
  if (options.list_metrics)
    for (const Metric& metric : metrics()) row(metric.column.name, metric.column.definition);
  if (options.list_protocols)
    for (const Protocol& protocol : protocols()) row(protocol.name, protocol.definition);
  return 0;
}

std::vector<std::unique_ptr<EvaluatedMethod>> open_methods(const EvalOptions& options, const EvaluationSet& set) {
  std::vector<std::unique_ptr<EvaluatedMethod>> methods;
  const EngineOptions engine = options.engine_options();
  const auto named = [&](const std::string& name) { return named_method(name, engine.max_memory); };
  for (const std::string& text : options.methods)
    methods.push_back(make_method(text, set, engine, options.limits, named));
  for (const std::string& text : options.predictions) methods.push_back(make_results(text, set, options.limits));
  if (methods.empty()) throw Error(ExitCode::usage, "no method to evaluate; name one or more with -m or --pred");
  return methods;
}

void write(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  write_file(path, {reinterpret_cast<const std::byte*>(text.data()), text.size()});
  spdlog::info("{} written", shown(path));
}

constexpr std::size_t terminal_width = 120;

/// 0, or 9 when pairs are left out.
int report(const EvalOptions& options, const Evaluation& evaluation, const EvaluationSet& set) {
  std::fputs(report_text(evaluation, terminal_width, options.verbose).c_str(), stdout);
  write(options.csv, report_csv(evaluation));
  write(options.json, report_json(evaluation));
  write(options.markdown, report_markdown(evaluation));
  if (!options.html.empty()) write(options.html, report_html(evaluation));
  std::int64_t refused = 0;
  for (const PairResult& result : evaluation.methods.front().pairs) {
    refused += result.refusal.empty() ? 0 : 1;
    for (const std::string& warning : result.warnings) spdlog::debug("{}: {}", result.pair, warning);
  }
  for (const std::string& file : set.unpaired) spdlog::error("error: {}", file);
  const auto left_out = refused + static_cast<std::int64_t>(set.unpaired.size());
  if (left_out == 0) return 0;
  spdlog::error("error: {} of {} pairs left out", left_out, evaluation.pairs.size() + set.unpaired.size());
  return static_cast<int>(ExitCode::partial);
}

int evaluate_all(const EvalOptions& options) {
  set_verbosity(options.quiet, options.verbose);
  set_cpu_threads(options.threads);
  if (options.list_methods || options.list_metrics || options.list_protocols) return list(options);
  const EvaluateOptions evaluation_options = options.evaluation_options();
  const EvaluationSet set = options.open_set();
  for (const std::string& warning : set.warnings) spdlog::warn("warning: {}", warning);
  const auto methods = open_methods(options, set);
  options.check_outputs();
  if (options.dry_run) {
    for (const auto& method : methods)
      std::printf("method %s: %s\n", method->name().c_str(), method->description().c_str());
    for (const EvaluationPair& pair : set.pairs) std::printf("pair %s\n", pair.name.c_str());
    return 0;
  }
  StatusLine line(!options.quiet, StatusLine::Elsewhere::now_and_then);
  const Evaluation evaluation = evaluate(set, methods, evaluation_options, eval_progress(line));
  line.clear();
  return report(options, evaluation, set);
}

}  // namespace
}  // namespace duhdr

int main(int argc, char** argv) {
  CLI::App app("Measures HDR reconstructions against references, by a named protocol.", "duhdr-eval");
  duhdr::EvalOptions options;
  options.add_to(app);
  duhdr::ExperimentCommand experiment;
  experiment.add_to(app);
  return duhdr::run_program(app, argc, argv, [&] {
    return experiment.name.empty() ? duhdr::evaluate_all(options) : duhdr::run_experiment(experiment);
  });
}
