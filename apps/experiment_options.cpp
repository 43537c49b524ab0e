// SPDX-License-Identifier: Apache-2.0
#include "apps/experiment_options.h"

#include "apps/options.h"
#include "apps/program.h"
#include "base/file.h"

namespace duhdr {
namespace {

void add_options(CLI::App& app, ExperimentCommand& command) {
  app.add_option("-o,--out", command.out, "Folder of the runs and reports")->type_name("DIR")->required();
  app.add_option("-s,--set", command.sets, "[NAME=]DIR: pairs to evaluate on, in a known layout; may be repeated")
      ->type_name("SET");
  app.add_option("-b,--budget", command.budget, "smoke (4 steps a stage), short (100), full (the configuration's) or N")
      ->capture_default_str();
  app.add_option(
         "-c,--config", command.config,
         "Base configuration: widths, stages. Default: smoke.json for smoke, paper.json for full, else lite.json")
      ->type_name("FILE");
  app.add_option("--data", command.data, "hdr:DIR, paired:DIR, pseudo:DIR, scenes or DIR; instead of data.sources");
  app.add_option("--unpaired", command.unpaired, "Photographs alone: ldr:DIR or DIR; instead of data.unpaired");
  app.add_option("-p,--protocol", command.protocol, "As duhdr-eval's")->capture_default_str();
  app.add_option("--metrics", command.metrics, "Comma-separated; the plot shows the first one")
      ->type_name("LIST")
      ->capture_default_str();
  add_number(app, "--seed", command.seed, "Of all random numbers; instead of the configuration's", std::int64_t{0});
  app.add_option("-d,--device", command.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  add_number(app, "-j,--threads", command.threads, "CPU threads; 0 = all", 0, 1024)->capture_default_str();
  app.add_flag("-q,--quiet", command.quiet, "No progress");
  app.add_flag("-v,--verbose", command.verbose, "More on stderr");
  app.add_flag("--dry-run", command.dry_run, "Name the rows and what they train, compute nothing");
}

std::filesystem::path default_config(const Budget& budget) {
  const char* name = budget.name == "smoke" ? "smoke" : budget.name == "full" ? "paper" : "letter";
  return resource(message("configs/", name, ".json"));
}

}  // namespace

void ExperimentCommand::add_to(CLI::App& app) {
  for (const ExperimentKind& kind : experiment_kinds()) {
    CLI::App* command = app.add_subcommand(kind.name, kind.title);
    command->group("Experiments of the paper");
    command->callback([this, &app, chosen = kind.name] {
      for (const CLI::Option* option : app.get_options())
        if (option->count() > 0) throw CLI::ValidationError(option->get_name(), "does not belong to " + chosen);
      name = chosen;
    });
    add_options(*command, *this);
  }
  app.require_subcommand(0, 1);
}

ExperimentOptions ExperimentCommand::options() const {
  ExperimentOptions made;
  made.folder = out;
  made.budget = parse_budget(budget);
  const std::filesystem::path file = config.empty() ? default_config(made.budget) : std::filesystem::path(config);
  made.base = read_config(file);
  made.base_name = file.filename().string();
  if (!data.empty()) made.base.sources = data;
  if (!unpaired.empty()) made.base.unpaired = unpaired;
  if (seed >= 0) made.base.seed = static_cast<std::uint64_t>(seed);
  made.run.device = made.engine.device = parse_device(device);
  made.run.forward = read_emor(resource("curves/forward.txt"), CurveDirection::forward);
  made.run.inverse = read_emor(resource("curves/inverse.txt"), CurveDirection::inverse);
  made.run.quiet = quiet;
  made.run.program = "duhdr-eval " DUHDR_VERSION;
  made.run.check_interrupt = check_interrupt;
  const std::vector<float> mean = curve_tensors(made.run.inverse).at("curve.mean").to_vector<float>();
  made.base.data.mean_inverse_curve.assign(mean.begin(), mean.end());
  made.evaluation.protocol = &protocol_of(protocol);
  made.evaluation.metrics = metrics_of(metrics);
  made.evaluation.version = DUHDR_VERSION;
  made.evaluation.computes = message(program_sha256(), ", ", made.run.device.text());
  return made;
}

std::vector<EvaluationSet> ExperimentCommand::open_sets() const {
  std::vector<EvaluationSet> opened;
  for (const std::string& text : sets) {
    const std::size_t equals = text.find('=');
    const std::string label = equals == std::string::npos ? "" : text.substr(0, equals);
    EvaluationSet set = open_evaluation_set(equals == std::string::npos ? text : text.substr(equals + 1));
    if (!label.empty()) set.name = label;
    opened.push_back(std::move(set));
  }
  return opened;
}

}  // namespace duhdr
