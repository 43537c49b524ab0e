// SPDX-License-Identifier: Apache-2.0
// A model on disk: a folder with model.json and one safetensors file for each network.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "models/registry.h"

namespace duhdr {

/// What model.json says besides the architecture.
struct ModelCard {
  std::string name;
  std::string licence;
  nlohmann::json provenance = nlohmann::json::object();  // how it was trained; free form
};

struct LoadedModel {
  std::unique_ptr<Model> model;  // on the CPU, f32
  ModelCard card;
  std::map<std::string, std::string> sha256;  // of each network's file; "model.json" of the description
};

/// Reads and checks everything: the JSON (unknown keys, ranges), the checksums, every tensor. Throws bad_weights on
/// wrong content and missing files, io on unreadable ones, usage when `folder` is no folder.
LoadedModel load_model(const std::filesystem::path& folder);

/// How the weights of convolutions are stored; all other tensors are F32 (with_half_convolutions).
enum class StoredAs { f32, f16 };

/// Writes the network files and then model.json. The folder is made when it does not exist. Throws bad_weights, before
/// anything is written, when a value does not fit f16.
void save_model(const std::filesystem::path& folder, const Model& model, const ModelCard& card,
                StoredAs stored = StoredAs::f32);

}  // namespace duhdr
