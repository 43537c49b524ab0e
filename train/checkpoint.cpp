// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <algorithm>

#include "base/fields.h"
#include "base/sha256.h"
#include "models/weight_file.h"
#include "tensor/safetensors.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr int format_version = 1;
constexpr const char* file_prefix = "checkpoint-";
constexpr const char* file_suffix = ".safetensors";
constexpr std::string_view optimiser_prefix = "optimiser.";

nlohmann::json to_json(const RunState& run) {
  nlohmann::json json{{"row", run.row},
                      {"step", run.step},
                      {"total_steps", run.total_steps},
                      {"images", run.images},
                      {"skipped_steps", run.skipped_steps},
                      {"dropped_batches", run.dropped_batches},
                      {"failures_in_a_row", run.failures_in_a_row},
                      {"rollbacks", run.rollbacks},
                      {"seconds", run.seconds},
                      {"metrics_bytes", run.metrics_bytes}};
  if (run.best) json["best"] = *run.best;
  return json;
}

RunState run_from_json(JsonObject reader) {
  constexpr std::int64_t many = std::int64_t{1} << 53;
  const auto count = [&](const char* key) { return reader.integer(key, 0, many); };
  RunState run;
  run.row = count("row");
  run.step = count("step");
  run.total_steps = count("total_steps");
  run.images = count("images");
  run.skipped_steps = count("skipped_steps");
  run.dropped_batches = count("dropped_batches");
  run.failures_in_a_row = count("failures_in_a_row");
  run.rollbacks = count("rollbacks");
  run.seconds = reader.number("seconds", 0, 1e12);
  run.metrics_bytes = static_cast<std::uint64_t>(count("metrics_bytes"));
  if (reader.has("best")) run.best = reader.number("best", -1e12, 1e12);
  reader.finish();
  return run;
}

/// SHA-256 over the state's text and over name, type, shape and SHA-256 of every tensor, in the order of names.
std::string digest(const std::map<std::string, Tensor>& tensors, const std::string& state) {
  std::string text = state + '\n';
  for (const auto& [name, tensor] : tensors) {
    const Tensor host = tensor.to(Device::cpu());
    text += message(name, ' ', name_of(host.dtype()), ' ', host.shape(), ' ', sha256({host.raw(), host.bytes()}), '\n');
  }
  return sha256({reinterpret_cast<const std::byte*>(text.data()), text.size()});
}

bool is_checkpoint(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(file_prefix) && name.ends_with(file_suffix);
}

/// What could be listed until `error`.
std::vector<fs::path> files_in(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    found.push_back(entry->path());
  return found;
}

/// Newest first: the numbers in the names have one width.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> found = files_in(folder, error);
  std::erase_if(found, [](const fs::path& path) { return !is_checkpoint(path); });
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(ExitCode::io, message(shown(folder), ": cannot be listed (", error.message(), ")"));
  std::sort(found.rbegin(), found.rend());
  return found;
}

}  // namespace

fs::path checkpoint_file(const fs::path& folder, std::int64_t total_steps) {
  std::string number = std::to_string(total_steps);
  number.insert(0, number.size() < 12 ? 12 - number.size() : 0, '0');
  return folder / message(file_prefix, number, file_suffix);
}

void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::path& path : files_in(folder, ignored)) {
    const std::string name = path.filename().string();
    if (name.starts_with(".duhdr-") && name.ends_with(".tmp")) fs::remove(path, ignored);
  }
}

void save_checkpoint(const fs::path& folder, const Checkpoint& checkpoint, int keep) {
  std::map<std::string, Tensor> tensors = checkpoint.model;
  for (const auto& [name, tensor] : checkpoint.optimiser) tensors[std::string(optimiser_prefix) + name] = tensor;
  const nlohmann::json state = {
      {"format_version", format_version}, {"run", to_json(checkpoint.run)}, {"identity", checkpoint.identity}};
  const std::string text = state.dump();
  remove_leftovers(folder);
  const fs::path written = checkpoint_file(folder, checkpoint.run.total_steps);
  write_safetensors(written, tensors, {{"duhdr.training", text}, {"duhdr.sha256", digest(tensors, text)}});
  for (const fs::path& path : checkpoints_in(folder)) {
    const bool left_behind = path.filename() > written.filename();
    std::error_code ignored;  // an old checkpoint too many does no harm
    if (left_behind || keep-- <= 0) fs::remove(path, ignored);
  }
}

Checkpoint load_checkpoint(const fs::path& path) {
  const TensorFile file = read_safetensors(path);
  const std::string name = shown(path);
  const auto text = file.metadata.find("duhdr.training"), sum = file.metadata.find("duhdr.sha256");
  if (text == file.metadata.end() || sum == file.metadata.end())
    throw Error(ExitCode::bad_weights, name + ": not a checkpoint of duhdr-train");
  if (digest(file.tensors, text->second) != sum->second)
    throw Error(ExitCode::bad_weights, name + ": checksum mismatch; the file is damaged");
  const nlohmann::json state = parse_json(text->second, name, ExitCode::bad_weights);
  JsonObject reader(state, name, ExitCode::bad_weights);
  reader.integer("format_version", format_version, format_version);
  Checkpoint checkpoint;
  checkpoint.run = run_from_json(reader.object("run"));
  (void)reader.object("identity");
  checkpoint.identity = state.at("identity");
  reader.finish();
  for (const auto& [tensor_name, tensor] : file.tensors) {
    const bool optimiser = tensor_name.starts_with(optimiser_prefix);
    (optimiser ? checkpoint.optimiser
               : checkpoint.model)[optimiser ? tensor_name.substr(optimiser_prefix.size()) : tensor_name] = tensor;
  }
  return checkpoint;
}

std::optional<Checkpoint> newest_checkpoint(const fs::path& folder, std::vector<std::string>& damaged) {
  const std::vector<fs::path> all = checkpoints_in(folder);
  for (const fs::path& path : all) {
    try {
      return load_checkpoint(path);
    } catch (const Error& error) {
      if (error.code() != ExitCode::bad_weights) throw;
      damaged.emplace_back(error.what());
    }
  }
  if (all.empty()) return std::nullopt;
  throw Error(ExitCode::bad_weights,
              message(shown(folder), ": all ", all.size(), " checkpoints are damaged (", damaged.front(), ")"));
}

std::map<std::string, Tensor> model_tensors(const Model& model) {
  std::map<std::string, Tensor> tensors;
  for (const std::string& name : model.networks()) tensors.merge(weights_of(model.network(name), name));
  return tensors;
}

void set_model(Model& model, const std::map<std::string, Tensor>& tensors, const std::string& shown_name) {
  for (const std::string& name : model.networks()) {
    TensorFile part;
    for (const auto& [tensor_name, tensor] : tensors)
      if (tensor_name.starts_with(name + '.')) part.tensors[tensor_name] = tensor;
    set_weights(model.network(name), name, part, shown_name);
  }
}

}  // namespace duhdr
