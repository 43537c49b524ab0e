// SPDX-License-Identifier: Apache-2.0
// duhdr-infer: photographs to scene-linear HDR images, and back.
#include <spdlog/spdlog.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/describe.h"
#include "apps/infer_options.h"
#include "apps/named_method.h"
#include "apps/program.h"
#include "apps/status_line.h"
#include "base/file.h"
#include "infer/engine.h"
#include "infer/run_page.h"
#include "models/model_directory.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

int list() {
  for (const DeviceInfo& info : list_devices())
    std::printf("%-8s %s, %.1f GiB (%.1f free)\n", info.device.text().c_str(), info.name.c_str(),
                static_cast<double>(info.memory) / (1u << 30), static_cast<double>(info.available) / (1u << 30));
  if (const std::string reason = cuda_unavailable_reason(); !reason.empty())
    std::printf("no cuda: %s\n", reason.c_str());
  return 0;
}

void report_line(const JobReport& report, std::size_t number, std::size_t count, Device device) {
  for (const std::string& warning : report.warnings) spdlog::warn("warning: {}: {}", shown(report.job.input), warning);
  if (!report.error.empty()) return spdlog::error("error: {}", report.error);
  spdlog::info("{}/{} {} -> {} {}x{} {} {:.2f} s", number, count, shown(report.job.input), shown(report.job.output),
               report.width, report.height, device.text(), report.load_s + report.infer_s + report.save_s);
  spdlog::debug(
      "  read {:.2f} s, compute {:.2f} s, write {:.2f} s; {:.2f} % clipped; max {:.4g}; {} of {} tiles "
      "computed; {} MiB of tensors at most",
      report.load_s, report.infer_s, report.save_s, 100 * report.clipped, report.values.maximum, report.computed,
      report.tiles, report.peak_memory >> 20);
}

/// The end of a batch: 0, the code of a single picture, or 9.
int code_of(const JobPlan& plan, std::size_t failed, ExitCode last_code) {
  if (failed == 0) return 0;
  return static_cast<int>(plan.jobs.size() == 1 ? last_code : ExitCode::partial);
}

int list_jobs(const JobPlan& plan) {
  std::size_t failed = 0;
  for (const Job& job : plan.jobs) {
    if (job.refusal.empty()) {
      std::printf("%s -> %s\n", shown(job.input).c_str(), shown(job.output).c_str());
      continue;
    }
    ++failed;
    spdlog::error("error: {}", job.refusal);
  }
  return code_of(plan, failed, ExitCode::io);
}

/// What holds for all pictures of a run, for its page.
RunPage::Facts run_facts(const InferOptions& options, const Method& method, const JobPlan& plan) {
  RunPage::Facts facts;
  if (const Provenance& by = method.provenance(); by.method.empty()) {
    facts = {{"Model", escaped(by.model)}, {"SHA-256", by.model_sha256}};
    facts.emplace_back("Precision", options.precision == "mixed" ? "mixed (bf16 activations)" : options.precision);
    facts.emplace_back("Tiles", options.tile);
  } else {
    facts = {{"Method", by.method}};
  }
  facts.emplace_back("Device", fmt::format("{}, {} threads", method.device().text(), cpu_threads()));
  if (!options.max_memory.empty()) facts.emplace_back("Memory limit", escaped(options.max_memory));
  facts.emplace_back("Exposure", fmt::format("{:+g} EV", options.exposure));
  facts.emplace_back("Format", plan.format->title);
  return facts;
}

/// The code of the batch, unless its page alone failed.
int end_page(RunPage& page, std::size_t skipped, int code) {
  try {
    spdlog::info("report: {}", shown(page.finish(skipped)));
  } catch (const Error& error) {
    spdlog::error("error: {}", error.what());
    if (code == 0) return static_cast<int>(error.code());
  }
  return code;
}

int run_batch(Method& method, const JobPlan& plan, const BatchOptions& batch, const InferOptions& options) {
  std::size_t done = 0, failed = 0;
  ExitCode last_code = ExitCode::done;
  std::optional<RunPage> page;
  if (!options.report.empty() && !plan.jobs.empty())
    page.emplace(options.report, plan.jobs.size(), run_facts(options, method, plan));
  StatusLine line(!options.quiet);
  const auto progress = [&](std::size_t index, const std::string& stage, double share) {
    check_interrupt();
    line.show(fmt::format("{}/{} {}  {} {:.0f} %", index + 1, plan.jobs.size(), shown(plan.jobs[index].input), stage,
                          100 * share));
  };
  const auto ended = [&](const JobReport& report) {
    line.clear();
    report_line(report, done + failed + 1, plan.jobs.size(), method.device());
    if (page) page->add(report);
    if (options.json) std::printf("%s\n", to_json_line(report, method).c_str());
    std::fflush(stdout);
    report.error.empty() ? ++done : ++failed;
    if (!report.error.empty()) last_code = report.code;
  };
  run_jobs(method, plan.jobs, batch, {progress, ended});
  if (options.json)
    std::printf("%s\n", nlohmann::json{{"done", done}, {"failed", failed}, {"skipped", plan.skipped}}.dump().c_str());
  if (plan.jobs.size() + plan.skipped > 1 || plan.skipped > 0)
    spdlog::info("{} written, {} skipped (output exists), {} failed", done, plan.skipped, failed);
  const int code = code_of(plan, failed, last_code);
  return page ? end_page(*page, plan.skipped, code) : code;
}

/// The model of -m, or the one that comes with duhdr.
std::filesystem::path chosen_model(const InferOptions& options) {
  if (!options.model.empty()) return options.model;
  const std::filesystem::path shipped = resource("models/lite");
  if (std::error_code ignored; !std::filesystem::exists(shipped / "model.json", ignored))
    throw Error(ExitCode::bad_weights,
                message(shown(shipped), ": the model that comes with duhdr is missing; install duhdr again, or name a ",
                        "model directory with -m (an untrained one: duhdr-train --init-only DIR --seed 1)"));
  return shipped;
}

/// What turns photographs into light, ready to run; null when nothing is to be run, and all has been checked.
std::unique_ptr<Method> chosen_method(const InferOptions& options, const EngineOptions& engine_options) {
  if (!options.method.empty()) return named_method(options.method, engine_options.max_memory);
  const std::filesystem::path folder = chosen_model(options);
  LoadedModel loaded = load_model(folder);
  if (options.model.empty())
    spdlog::info("model: {}, which comes with duhdr ({}); -m names another", escaped(loaded.card.name), shown(folder));
  spdlog::debug("model {} ({})", escaped(loaded.card.name), loaded.sha256.at("model.json").substr(0, 12));
  if (options.dry_run) return nullptr;
  return std::make_unique<Engine>(std::move(loaded), engine_options);
}

int infer(const InferOptions& options) {
  set_verbosity(options.quiet, options.verbose);
  set_cpu_threads(options.threads);
  if (options.list_devices) return list();
  if (options.list_methods) return print_methods(), 0;
  if (options.describe) return describe(options.model, options.size);
  EngineOptions engine_options = options.engine_options();
  const JobPlan plan = plan_jobs(options.job_request());
  if (plan.format->shows_photograph) engine_options.layers = {"linear", "mask"};
  BatchOptions batch = options.batch_options();
  batch.format = plan.format;
  batch.layers = engine_options.layers;
  if (!options.report.empty()) {
    engine_options.layers.insert("mask");
    batch.copy_side = RunPage::copy_side(plan.jobs.size());
  }
  batch.options_json = options.resolved(engine_options).dump();
  spdlog::debug("{}, {} threads, options {}", engine_options.device.text(), cpu_threads(), batch.options_json);
  if (options.device == "auto" && engine_options.device.is_cpu())
    spdlog::debug("device: cpu; {}", cuda_unavailable_reason());
  if (!plan.format->shortcoming.empty()) spdlog::warn("warning: {}: {}", plan.format->title, plan.format->shortcoming);
  const std::unique_ptr<Method> method = chosen_method(options, engine_options);
  if (options.dry_run) return list_jobs(plan);
  return run_batch(*method, plan, batch, options);
}

}  // namespace
}  // namespace duhdr

int main(int argc, char** argv) {
  CLI::App app("Turns photographs into scene-linear HDR images by dual learning of the camera (DuHDR).", "duhdr-infer");
  duhdr::InferOptions options;
  options.add_to(app);
  return duhdr::run_program(app, argc, argv, [&] { return duhdr::infer(options); });
}
