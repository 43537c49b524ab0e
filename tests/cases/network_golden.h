// SPDX-License-Identifier: Apache-2.0
// The golden cases of tests/golden/data/networks: whole networks, both chains and the camera path, built and run from
// nothing but the metadata of a file.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "layers/module.h"
#include "models/duhdr/config.h"
#include "models/expandnet/config.h"
#include "models/hdrcnn/config.h"
#include "tests/support/fill_module.h"

namespace duhdr::test {

struct GoldenCase {
  std::string name;
  nlohmann::json options, inputs;          // `__metadata__` of the file
  std::set<std::string> zero_gradients;    // names whose gradient vanishes by construction
  std::map<std::string, Tensor> expected;  // every tensor of the file

  std::string text(const char* option) const { return options.value(option, std::string()); }
  bool trains() const { return text("mode") == "train"; }
  bool quantises() const { return text("network") == "hdr_to_ldr" || text("op") == "quantise"; }
};

GoldenCase read_golden_case(const std::filesystem::path& path);

/// Values of an input of the case: golden::fill under "<case>/<name>".
Tensor golden_input(const GoldenCase& golden_case, const std::string& name);

using NamedVariables = std::map<std::string, Variable>;

/// What a case runs: inputs by name -> outputs by name, `aux/...` for those without part in the loss.
struct GoldenSubject {
  std::string prefix;              // of the module's names; empty for DuHdr, whose children give them
  std::vector<std::string> used;   // parameters that begin with one of these take part; empty = all
  std::unique_ptr<Module> module;  // null for the camera path
  std::function<NamedVariables(const NamedVariables&)> run;
};
GoldenSubject golden_subject(const GoldenCase& golden_case);

/// The architecture that the options of a case ask for.
DuHdrConfig golden_config(const nlohmann::json& options);

// The widths of small networks, as the golden files name them.
void set_widths(DuHdrConfig& config, const nlohmann::json& widths);
ExpandNetConfig expandnet_config(const nlohmann::json& widths);
HdrcnnConfig hdrcnn_config(const nlohmann::json& widths);

/// Everything the file of the case should hold, computed in `dtype` (f32 or f64) on a device: outputs as they are,
/// gradients and buffers flat and sampled as in the file. All on the CPU.
std::map<std::string, Tensor> evaluate_golden_case(const GoldenCase& golden_case, DType dtype,
                                                   Device device = Device::cpu());

}  // namespace duhdr::test
