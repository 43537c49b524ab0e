// SPDX-License-Identifier: Apache-2.0
#include "apps/train_options.h"

#include <algorithm>

#include "apps/options.h"

namespace duhdr {

void TrainOptions::add_to(CLI::App& app) {
  app.add_option("-c,--config", config, "configuration (configs/*.json)")->group("Run");
  app.add_option("-o,--out", out, "folder of the run")->group("Run");
  app.add_option("--data", data, "hdr:DIR, paired:DIR, pseudo:DIR, scenes or DIR; instead of data.sources")
      ->group("Run");
  app.add_option("--unpaired", unpaired, "photographs alone: ldr:DIR or DIR; instead of data.unpaired")->group("Run");
  app.add_option("--val", validation, "validation data; instead of data.validation")->group("Run");
  app.add_option("--stage", stages, "only these stages of the schedule (names, 1 = Algorithm 1, 2 = Algorithm 2)")
      ->delimiter(',')
      ->group("Run");
  app.add_option("--resume", resume, "continue: auto (the newest checkpoint of --out, if any) or a checkpoint")
      ->group("Run");
  app.add_option("--init", init, "model directory to start from")->group("Run");
  app.add_option("--export", export_to, "model directory to write at the end (default: OUT/model)")->group("Run");

  constexpr std::int64_t one = 1, most_samples = 4096;
  constexpr double shortest = 1e-6, longest = 1e6;  // hours
  add_number(app, "--seed", seed, "of all random numbers", std::int64_t{0})->group("Settings");
  add_number(app, "--batch", batch, "samples of a step, in every stage", one, most_samples)->group("Settings");
  app.add_option("--precision", precision, "f32 or mixed")->check(CLI::IsMember({"f32", "mixed"}))->group("Settings");
  add_number(app, "--max-hours", max_hours, "stop and save after so long", shortest, longest)->group("Settings");
  add_number(app, "--max-steps", max_steps, "stop and save when the run has taken so many steps", one)
      ->group("Settings");
  add_number(app, "--val-every", validate_every, "steps between validations", one)->group("Settings");

  app.add_option("-d,--device", device, "auto, cpu, cuda or cuda:N")->group("Device");
  add_number(app, "-j,--threads", threads, "processor threads of the networks (default: all)", 1, 1024)
      ->group("Device");
  add_number(app, "--loader-threads", loader_threads, "threads that make samples", 1, 1024)->group("Device");

  app.add_flag("--dry-run", dry_run, "check data and configuration, print the memory plan, and stop")
      ->group("Checking");
  add_number(app, "--overfit", overfit,
             "train every stage on so many fixed samples, tell how far the loss falls, and stop", one, most_samples)
      ->group("Checking");
  app.add_flag("--print-config", print_config, "print the configuration with every default and stop")
      ->group("Checking");
  app.add_flag("--json", json, "results of --dry-run and --overfit as JSON on stdout")->group("Checking");
  app.add_flag("-q,--quiet", quiet, "errors only")->group("Checking");
  app.add_flag("-v,--verbose", verbose, "more on stderr")->group("Checking");

  app.add_option("--to-half", to_half, "write the model directory IN again as OUT, convolutions in 16 bits, and stop")
      ->expected(2)
      ->type_name("IN OUT")
      ->group("Models");
  app.add_option("--init-only", init_only, "write an untrained model directory and stop")->group("Models");
  app.add_option("--trunk", trunk, "trunk of the response nets (--init-only): resnet18 or crfnet")
      ->check(CLI::IsMember({"resnet18", "crfnet"}))
      ->capture_default_str()
      ->group("Models");
  app.add_option("--down", down, "DownBlocks of OOnet (--init-only): rfb or conv")
      ->check(CLI::IsMember({"rfb", "conv"}))
      ->capture_default_str()
      ->group("Models");
}

namespace {

/// Rows whose stage or algorithm is asked for; a name that no row has is an error.
void keep_stages(std::vector<StagePlan>& schedule, const std::vector<std::string>& wanted) {
  const auto asks_for = [](const std::string& text, const StagePlan& plan) {
    const Stage& stage = stage_named(plan.stage);
    return text == plan.stage || text == std::to_string(stage.algorithm);
  };
  for (const std::string& text : wanted)
    if (std::none_of(schedule.begin(), schedule.end(), [&](const StagePlan& plan) { return asks_for(text, plan); })) {
      if (text != "1" && text != "2") (void)stage_named(text);
      throw Error(ExitCode::usage, message("--stage ", escaped(text), ": the schedule has no such stage"));
    }
  std::erase_if(schedule, [&](const StagePlan& plan) {
    return std::none_of(wanted.begin(), wanted.end(), [&](const std::string& text) { return asks_for(text, plan); });
  });
}

}  // namespace

TrainConfig TrainOptions::resolved() const {
  if (config.empty())
    throw Error(ExitCode::usage,
                "give a configuration with -c (see configs/), or a folder for an untrained model with --init-only");
  TrainConfig result = read_config(config);
  if (!data.empty()) result.sources = data;
  if (!unpaired.empty()) result.unpaired = unpaired;
  if (!validation.empty()) result.validation_sources = validation;
  if (seed >= 0) result.seed = static_cast<std::uint64_t>(seed);
  if (!precision.empty()) result.precision = precision == "mixed" ? DType::bf16 : DType::f32;
  if (validate_every > 0) result.validation.every = validate_every;
  if (loader_threads > 0) result.threads = loader_threads;
  if (!stages.empty()) keep_stages(result.schedule, stages);
  for (StagePlan& plan : result.schedule)
    if (batch > 0) plan.batch = batch;
  return result;
}

}  // namespace duhdr
