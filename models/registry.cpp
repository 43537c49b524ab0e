// SPDX-License-Identifier: Apache-2.0
#include "models/registry.h"

#include <algorithm>
#include <array>

#include "models/duhdr/config_json.h"
#include "models/duhdr/duhdr.h"
#include "models/expandnet/config_json.h"
#include "models/expandnet/expandnet_model.h"
#include "models/hdrcnn/config_json.h"
#include "models/hdrcnn/hdrcnn_model.h"

namespace duhdr {
namespace {

const std::array table{
    ModelFamily{"duhdr", "dual learning of the camera imaging process",
                [](JsonObject architecture) -> std::unique_ptr<Model> {
                  return std::make_unique<DuHdr>(config_from_json(std::move(architecture)));
                },
                duhdr_variants},
    ModelFamily{"expandnet", "three branches, local, dilated and global (Marnerides et al. 2018)",
                [](JsonObject architecture) -> std::unique_ptr<Model> {
                  return std::make_unique<ExpandNetModel>(expandnet_config_from_json(std::move(architecture)));
                },
                expandnet_variants},
    ModelFamily{"hdrcnn", "light of clipped areas in the logarithmic domain (Eilertsen et al. 2017)",
                [](JsonObject architecture) -> std::unique_ptr<Model> {
                  return std::make_unique<HdrcnnModel>(hdrcnn_config_from_json(std::move(architecture)));
                },
                hdrcnn_variants},
};

}  // namespace

std::span<const ModelFamily> model_families() { return table; }

const ModelFamily& model_family(std::string_view name, ExitCode code) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const ModelFamily& row) { return row.name == name; });
  if (found != table.end()) return *found;
  std::string known;
  for (const ModelFamily& row : table) known += (known.empty() ? "" : ", ") + std::string(row.name);
  throw Error(code, message("no model family \"", escaped(name), "\" (", known, ")"));
}

ModelSpec default_spec() { return {std::string(table.front().name), table.front().variants().front()}; }

ModelSpec spec_of(const Model& model) { return {std::string(model.family()), model.architecture()}; }

std::unique_ptr<Model> make_model(const ModelSpec& spec, const std::string& shown_name, ExitCode code,
                                  const std::string& path) {
  return model_family(spec.family, code).make(JsonObject(spec.architecture, shown_name, code, path));
}

}  // namespace duhdr
