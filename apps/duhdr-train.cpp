// SPDX-License-Identifier: Apache-2.0
// duhdr-train: from a configuration and data to a model directory.
#include <spdlog/spdlog.h>

#include <iostream>

#include "apps/program.h"
#include "apps/train_options.h"
#include "base/file.h"
#include "models/duhdr/config_json.h"
#include "train/overfit.h"
#include "train/session.h"

namespace duhdr {
namespace {

RunOptions run_options(const TrainOptions& options) {
  RunOptions run;
  run.folder = options.out;
  run.forward = read_emor(resource("curves/forward.txt"), CurveDirection::forward);
  run.inverse = read_emor(resource("curves/inverse.txt"), CurveDirection::inverse);
  run.init = options.init;
  run.resume = options.resume;
  run.export_to = options.export_to;
  run.max_hours = options.max_hours;
  run.max_steps = options.max_steps;
  run.quiet = options.quiet;
  run.program = "duhdr-train " DUHDR_VERSION;
  run.check_interrupt = check_interrupt;
  return run;
}

int init_only(const TrainOptions& options) {
  TrainConfig config;
  config.seed = options.seed >= 0 ? static_cast<std::uint64_t>(options.seed) : 1;
  DuHdrConfig architecture;
  architecture.trunk = options.trunk;
  architecture.down = options.down;
  config.model = {"duhdr", to_json(architecture)};
  const RunOptions run = run_options(options);
  const std::unique_ptr<Model> model = new_model(config, run);
  const ModelCard card{.name = "duhdr-untrained",
                       .licence = "Apache-2.0",
                       .provenance = {{"program", run.program}, {"seed", config.seed}, {"steps", 0}}};
  save_model(options.init_only, *model, card);
  spdlog::info("{}: model with start weights, {} parameters, seed {}", shown(options.init_only),
               model->parameter_count(), config.seed);
  return 0;
}

/// A model for shipping: half the size, and it loads as f32.
int to_half(const std::filesystem::path& in, const std::filesystem::path& out) {
  if (std::error_code ignored; std::filesystem::equivalent(in, out, ignored))
    throw Error(ExitCode::usage, message(shown(out), ": is the model to read; name another folder"));
  LoadedModel loaded = load_model(in);
  loaded.card.provenance["rounded_to_half_from"] = loaded.sha256.at("model.json");
  save_model(out, *loaded.model, loaded.card, StoredAs::f16);
  spdlog::info("{}: {} with convolutions in 16 bits", shown(out), escaped(loaded.card.name));
  return 0;
}

int dry_run(const TrainOptions& options, const TrainConfig& config) {
  nlohmann::json data = nlohmann::json::array(), memory = nlohmann::json::array();
  for (const std::string& line : check_data(config)) {
    spdlog::info("{}", line);
    data.push_back(line);
  }
  for (const StageMemory& plan : memory_plan(config)) {
    constexpr double mebibyte = 1024.0 * 1024.0;
    spdlog::info("{}: {:.0f} MiB of tensors for {} x {} pixels", plan.stage, static_cast<double>(plan.bytes) / mebibyte,
                 plan.batch, plan.patch);
    memory.push_back({{"stage", plan.stage}, {"batch", plan.batch}, {"patch", plan.patch}, {"bytes", plan.bytes}});
  }
  if (options.json) std::cout << nlohmann::json{{"data", data}, {"memory", memory}}.dump() << '\n';
  return 0;
}

int overfit_only(const TrainOptions& options, const TrainConfig& config, const RunOptions& run) {
  nlohmann::json json = nlohmann::json::array();
  for (const OverfitResult& result : overfit(config, run, options.overfit))
    json.push_back({{"stage", result.stage}, {"first", result.first}, {"last", result.last}});
  if (options.json) std::cout << json.dump() << '\n';
  return 0;
}

int run(const TrainOptions& options) {
  set_verbosity(options.quiet, options.verbose);
  if (!options.to_half.empty()) return to_half(options.to_half[0], options.to_half[1]);
  if (!options.init_only.empty()) return init_only(options);
  RunOptions run = run_options(options);
  TrainConfig config = options.resolved();
  if (!options.init.empty()) config.model = spec_of(*load_model(options.init).model);
  const std::vector<float> mean = curve_tensors(run.inverse).at("curve.mean").to_vector<float>();
  config.data.mean_inverse_curve.assign(mean.begin(), mean.end());
  if (options.print_config) {
    std::cout << to_json(config).dump(2) << '\n';
    return 0;
  }
  set_cpu_threads(options.threads);
  run.device = parse_device(options.device);
  if (options.dry_run) return dry_run(options, config);
  if (options.out.empty()) throw Error(ExitCode::usage, "give the folder of the run with --out");
  spdlog::info("device {}: {}", run.device.text(), info_of(run.device).name);
  if (options.overfit > 0) return overfit_only(options, config, run);
  run_training(config, run);
  return 0;
}

}  // namespace
}  // namespace duhdr

int main(int argc, char** argv) {
  CLI::App app("Trains the DuHDR networks.", "duhdr-train");
  duhdr::TrainOptions options;
  options.add_to(app);
  return duhdr::run_program(app, argc, argv, [&] { return duhdr::run(options); });
}
