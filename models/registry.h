// SPDX-License-Identifier: Apache-2.0
// Registry: the families of models there are, one row each. A model is made from a family's name and an architecture,
// as model.json and training configurations carry them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fields.h"
#include "models/model.h"

namespace duhdr {

struct ModelFamily {
  std::string_view name;
  std::string_view summary;  // paper and what it does
  /// Throws with the reader's code on unknown keys and values out of range.
  std::unique_ptr<Model> (*make)(JsonObject architecture);
  /// Complete architectures: the first is the default, all are what --describe tells of.
  std::vector<nlohmann::json> (*variants)();
};

std::span<const ModelFamily> model_families();

/// Throws `code` on an unknown name and offers the known ones.
const ModelFamily& model_family(std::string_view name, ExitCode code = ExitCode::usage);

/// A family and a complete architecture.
struct ModelSpec {
  std::string family;
  nlohmann::json architecture;
  bool operator==(const ModelSpec&) const = default;
};

ModelSpec default_spec();  // DuHDR as in the paper
ModelSpec spec_of(const Model& model);

/// New networks, not initialised. `shown_name` and `code` are for errors, their keys begin with `path`.
std::unique_ptr<Model> make_model(const ModelSpec& spec, const std::string& shown_name = "model",
                                  ExitCode code = ExitCode::usage, const std::string& path = {});

}  // namespace duhdr
