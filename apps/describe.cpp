// SPDX-License-Identifier: Apache-2.0
#include "apps/describe.h"

#include <charconv>
#include <cstdio>
#include <memory>
#include <vector>

#include "infer/engine.h"
#include "models/duhdr/camera.h"
#include "models/duhdr/config_json.h"
#include "models/model_directory.h"

namespace duhdr {
namespace {

struct Size {
  std::int64_t width, height;
};

Size parse(const std::string& text) {
  const std::size_t cross = text.find('x');
  const auto number = [&](std::string_view part) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || error != std::errc() || end != part.data() + part.size() || value < 1 || value > 65536)
      throw Error(ExitCode::usage, message("--size ", escaped(text), ": not N or WIDTHxHEIGHT, 1..65536"));
    return value;
  };
  if (cross == std::string::npos) return {number(text), number(text)};
  return {number(std::string_view(text).substr(0, cross)), number(std::string_view(text).substr(cross + 1))};
}

void print(const std::string& name, std::int64_t parameters, double flop, std::size_t bytes) {
  std::printf("%-34s %12lld %12.3f %14.1f\n", name.c_str(), static_cast<long long>(parameters), flop / 1e9,
              static_cast<double>(bytes) / (1 << 20));
}

/// "innet, trunk resnet18" where the part has variants.
std::string label(const std::string& part, const DuHdrConfig& config) {
  if (part == "innet" || part == "nnet") return part + ", trunk " + name_of(config.trunk);
  if (part == "oonet") return part + ", " + name_of(config.down) + " DownBlocks";
  return part;
}

void print_total(const std::vector<Cost>& costs, const DuHdrConfig& config) {
  Cost total;
  for (const Cost& cost : costs) {
    if (cost.name == "nnet") continue;
    total.parameters += cost.parameters;
    total.flop += cost.flop;
    total.activation_bytes = std::max(total.activation_bytes, cost.activation_bytes);
  }
  print(std::string("LDR -> HDR (") + name_of(config.trunk) + ", " + name_of(config.down) + ")", total.parameters,
        total.flop, total.activation_bytes);
}

}  // namespace

int describe(const std::string& folder, const std::string& text) {
  const Size size = parse(text);
  const auto padded = [](std::int64_t side) {
    return (side + DuHdr::alignment - 1) / DuHdr::alignment * DuHdr::alignment;
  };
  std::printf(
      "%lld x %lld pixels%s\n", static_cast<long long>(size.width), static_cast<long long>(size.height),
      padded(size.width) != size.width || padded(size.height) != size.height ? ", padded to multiples of 32" : "");
  std::printf("%-34s %12s %12s %14s\n", "network", "parameters", "GFLOP", "activation MiB");
  const auto costs = [&](const DuHdr& model) { return costs_of(model, padded(size.height), padded(size.width)); };
  if (!folder.empty()) {
    const LoadedModel loaded = load_model(folder);
    const std::vector<Cost> parts = costs(*loaded.model);
    for (const Cost& cost : parts)
      print(label(cost.name, loaded.model->config()), cost.parameters, cost.flop, cost.activation_bytes);
    print_total(parts, loaded.model->config());
    return 0;
  }
  const ConstructOn nowhere(Device::meta());
  for (const auto& [trunk, down] : {std::pair{Trunk::resnet18, Down::rfb}, std::pair{Trunk::crfnet, Down::conv}}) {
    DuHdrConfig config;
    config.trunk = trunk;
    config.down = down;
    const DuHdr model(config);
    const std::vector<Cost> parts = costs(model);
    for (const Cost& cost : parts)
      if (trunk == Trunk::resnet18 || (cost.name != "dnet" && cost.name != "itnet"))
        print(label(cost.name, config), cost.parameters, cost.flop, cost.activation_bytes);
    print_total(parts, config);
  }
  return 0;
}

}  // namespace duhdr
