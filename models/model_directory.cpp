// SPDX-License-Identifier: Apache-2.0
#include "models/model_directory.h"

#include "base/fields.h"
#include "base/file.h"
#include "base/sha256.h"
#include "models/weight_file.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_description = std::uint64_t{1} << 20;
constexpr int format_version = 1;

std::string_view as_text(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// A name from model.json may only be a plain file name: nothing in a model reaches out of its folder.
fs::path checked_file(const fs::path& folder, JsonObject& entry) {
  const std::string name = entry.text("file");
  const bool plain = !name.empty() && name.find('/') == std::string::npos && name != "." && name != ".." &&
                     name.find('\0') == std::string::npos && name.size() <= 255;
  if (!plain) entry.refuse("file", message("\"", escaped(name), "\" is not a plain file name in the model's folder"));
  const fs::path path = folder / name;
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(path, ignored)))
    entry.refuse("file", message("\"", escaped(name), "\" is missing"));
  if (fs::is_symlink(path, ignored)) entry.refuse("file", message("\"", escaped(name), "\" is a symbolic link"));
  return path;
}

struct WeightEntry {  // of model.json
  fs::path path;
  std::string sha256;
};

TensorFile read_checked(const WeightEntry& entry) {
  TensorFile file = read_safetensors(entry.path);
  if (file.sha256 != entry.sha256)
    throw Error(ExitCode::bad_weights, message(shown(entry.path), ": checksum mismatch (SHA-256 ", file.sha256,
                                               ", model.json says ", escaped(entry.sha256), ")"));
  return file;
}

}  // namespace

LoadedModel load_model(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored))
    throw Error(ExitCode::bad_weights, message(shown(folder), ": no such model directory; make an untrained one with: ",
                                               "duhdr-train --init-only ", shown(folder), " --seed 1"));
  if (!fs::is_directory(folder, ignored))
    throw Error(ExitCode::usage, shown(folder) + ": not a model directory (a folder with model.json)");
  const fs::path description = folder / "model.json";
  if (!fs::exists(description, ignored))
    throw Error(ExitCode::bad_weights, shown(description) + ": missing; this folder is no model directory");
  const Bytes bytes = read_file(description, max_description, ExitCode::bad_weights);
  const std::string name = shown(description);
  const nlohmann::json json = parse_json(as_text(bytes), name, ExitCode::bad_weights);

  JsonObject top(json, name, ExitCode::bad_weights);
  top.integer("format_version", format_version, format_version);
  LoadedModel loaded;
  loaded.card.name = top.text("name");
  loaded.card.licence = top.text("licence");
  if (top.has("provenance")) {
    (void)top.object("provenance");
    loaded.card.provenance = json.at("provenance");
  }
  ModelSpec spec = default_spec();
  spec.family = top.text("family", spec.family);  // descriptions without one are of the first family there was
  (void)top.object("architecture");
  spec.architecture = json.at("architecture");
  JsonObject files = top.object("files");
  {
    const ConstructOn nowhere(Device::meta());  // widths cost nothing until a file has filled them
    loaded.model = make_model(spec, name, ExitCode::bad_weights, "architecture");
  }
  const std::vector<std::string> networks = loaded.model->networks();
  std::vector<WeightEntry> entries;
  for (const std::string& network : networks) {
    JsonObject entry = files.object(network);
    const fs::path path = checked_file(folder, entry);
    entries.push_back({path, entry.text("sha256")});
    entry.finish();
  }
  files.finish();
  top.finish();
  std::vector<TensorFile> weights(entries.size());
  parallel_for(std::ssize(entries), [&](std::int64_t i) { weights[i] = read_checked(entries[i]); });
  for (std::size_t i = 0; i < networks.size(); ++i) {
    set_weights(loaded.model->network(networks[i]), networks[i], weights[i], shown(entries[i].path));
    loaded.sha256[networks[i]] = weights[i].sha256;
    weights[i] = {};
  }
  loaded.sha256["model.json"] = sha256(bytes);
  return loaded;
}

void save_model(const fs::path& folder, const Model& model, const ModelCard& card, StoredAs stored) {
  std::map<std::string, Bytes> networks;
  for (const std::string& name : model.networks()) {
    std::map<std::string, Tensor> tensors = weights_of(model.network(name), name);
    if (stored == StoredAs::f16) tensors = with_half_convolutions(std::move(tensors));
    networks[name] = encode_safetensors(tensors, {{"network", name}});
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ExitCode::io, message(shown(folder), ": cannot make the folder (", error.message(), ")"));
  nlohmann::json files = nlohmann::json::object();
  for (const std::string& name : model.networks()) {
    const Bytes& bytes = networks.at(name);
    const std::string file = name + ".safetensors";
    write_file(folder / file, bytes);
    files[name] = {{"file", file}, {"sha256", sha256(bytes)}};
  }
  const nlohmann::json json = {{"format_version", format_version},
                               {"name", card.name},
                               {"licence", card.licence},
                               {"provenance", card.provenance},
                               {"family", model.family()},
                               {"architecture", model.architecture()},
                               {"files", files}};
  write_file(folder / "model.json", as_bytes(json.dump(2) + "\n"));
}

}  // namespace duhdr
