// SPDX-License-Identifier: Apache-2.0
#include "train/session.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/duration.h"
#include "base/file.h"
#include "base/json.h"
#include "models/precision.h"
#include "train/progress.h"
#include "train/vgg_weights.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

/// All components of a basis.
CurveSpace space_of(const CurveBasis& basis) {
  const auto tensors = curve_tensors(basis, curve_vectors);
  return {tensors.at("curve.mean"), tensors.at("curve.basis")};
}

/// The first key whose values differ, as a path: "schedule[0].steps".
std::string first_difference(const nlohmann::json& a, const nlohmann::json& b) {
  const nlohmann::json patch = nlohmann::json::diff(a, b);
  const std::string pointer = patch.empty() ? "" : patch.front().value("path", "");  // "/schedule/0/steps"
  std::string path;
  for (std::size_t begin = 1; begin < pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string part = pointer.substr(begin, end - begin);
    const bool index = part.find_first_not_of("0123456789") == std::string::npos;
    path += index ? message('[', part, ']') : path.empty() ? part : message('.', part);
    begin = end + 1;
  }
  return path;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot make the folder (", error.message(), ")"));
}

void write_config(const TrainConfig& config, const fs::path& folder) {
  const std::string text = to_json(config).dump(2) + "\n";
  write_file(folder / "config.json", {reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

}  // namespace

std::unique_ptr<Model> new_model(const TrainConfig& config, const RunOptions& options) {
  if (!options.init.empty()) {
    LoadedModel loaded = load_model(options.init);
    if (spec_of(*loaded.model) != config.model)
      throw Error(ExitCode::usage, message(shown(options.init), ": its architecture is not the configuration's"));
    return std::move(loaded.model);
  }
  std::unique_ptr<Model> model = make_model(config.model);
  model->initialise(config.seed, "");
  model->set_camera_curves(space_of(options.forward), space_of(options.inverse));
  return model;
}

std::unique_ptr<Vgg16Features> new_vgg(const PerceptualOptions& options, Device device, DType precision) {
  auto vgg = std::make_unique<Vgg16Features>(options.widths);
  if (options.weights.empty()) {
    vgg->initialise(options.seed, "vgg16");
    spdlog::info("perceptual loss: random VGG16 (seed {}); public weights: perceptual.weights", options.seed);
  } else {
    load_vgg16(*vgg, options.weights);
    spdlog::info("perceptual loss: VGG16 of {}", escaped(options.weights));
  }
  for (NamedVariable& parameter : vgg->parameters()) parameter.variable.set_requires_grad(false);
  set_precision(*vgg, precision);
  vgg->to(device);
  return vgg;
}

Session::Session(const TrainConfig& config, const RunOptions& options)
    : config_(config),
      options_(options),
      model_(new_model(config, options)),
      vgg_(new_vgg(config.perceptual, options.device, config.precision)) {
  set_precision(*model_, config.precision);
  model_->to(options.device);
}

void Session::set_weights(const std::map<std::string, Tensor>& tensors) {
  model_->to(Device::cpu());
  set_model(*model_, tensors, "checkpoint");
  model_->to(options_.device);
}

std::unique_ptr<StageTrainer> Session::trainer(const StagePlan& plan) {
  return std::make_unique<StageTrainer>(stage_named(plan.stage), *model_, *vgg_, config_.loss, config_.adam,
                                        plan.running_statistics);
}

ModelCard Session::card(const RunState& state) const {
  return {.name = config_.name,
          .licence = "that of the training data",
          .provenance = {{"program", options_.program},
                         {"steps", state.total_steps},
                         {"images", state.images},
                         {"configuration", identity(config_)}}};
}

std::string Session::text(const RunState& state) const {
  return message(options_.program, ", ", options_.device.text(), ", ", model_->parameter_count(), " parameters, ",
                 state.total_steps, " steps, ", state.images, " images, ", duration(state.seconds), "; ",
                 state.skipped_steps, " steps skipped, ", state.rollbacks, " rollbacks, ", state.dropped_batches,
                 " batches without a usable image");
}

std::optional<Checkpoint> open_run_folder(const TrainConfig& config, const RunOptions& options) {
  const fs::path folder = options.folder / "checkpoints";
  make_folder(folder);
  make_folder(options.folder / "samples");
  std::vector<std::string> damaged;
  std::optional<Checkpoint> checkpoint;
  if (options.resume.empty() || options.resume == "auto")
    checkpoint = newest_checkpoint(folder, damaged);
  else
    checkpoint = load_checkpoint(options.resume);
  for (const std::string& text : damaged) spdlog::warn("{}; an older checkpoint is used", text);
  if (checkpoint && options.resume.empty())
    throw Error(ExitCode::usage, message(shown(options.folder), ": holds a run of ", checkpoint->run.total_steps,
                                         " steps; continue it with --resume auto or choose another folder"));
  if (checkpoint) {
    const nlohmann::json begun = identity(parse_config(checkpoint->identity, shown(options.folder))),
                         wanted = identity(config);
    if (begun != wanted)
      throw Error(ExitCode::usage, message(shown(options.folder), ": the run was begun with another configuration (",
                                           first_difference(begun, wanted), " differs); choose another folder"));
  }
  for (const char* part : {"", "samples", "model", "best"}) remove_leftovers(options.folder / part);
  write_config(config, options.folder);
  return checkpoint;
}

}  // namespace duhdr
