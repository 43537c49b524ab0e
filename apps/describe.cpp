// SPDX-License-Identifier: Apache-2.0
#include "apps/describe.h"

#include <spdlog/fmt/fmt.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "apps/options.h"
#include "infer/engine.h"
#include "models/model_directory.h"

namespace duhdr {
namespace {

std::string line(const std::string& name, const Cost& cost) {
  return fmt::format("{:<34} {:>12} {:>12.3f} {:>14.1f}\n", name, cost.parameters, cost.flop / 1e9,
                     static_cast<double>(cost.activation_bytes) / (1 << 20));
}

void print_heading(const Dimensions& size, std::int64_t padded_to) {
  const std::string padding = padded_to == 0 ? "" : message(", padded to multiples of ", padded_to);
  std::fputs(fmt::format("{} x {} pixels{}\n", size.width, size.height, padding).c_str(), stdout);
  std::printf("%-34s %12s %12s %14s\n", "network", "parameters", "GFLOP", "activation MiB");
}

/// The costs of a model's networks and their sum, without networks that are in `printed` already.
void print(const Model& model, const Dimensions& size, std::set<std::string>& printed) {
  const std::int64_t alignment = model.to_hdr().alignment;
  const auto padded = [&](std::int64_t side) { return (side + alignment - 1) / alignment * alignment; };
  if (printed.empty())
    print_heading(size, padded(size.width) == size.width && padded(size.height) == size.height ? 0 : alignment);
  Cost total;
  for (const Cost& cost : costs_of(model, padded(size.height), padded(size.width))) {
    const std::string label = model.label(cost.network);
    if (printed.insert(label).second) std::fputs(line(label, cost).c_str(), stdout);
    if (cost.reverse) continue;
    total.parameters += cost.parameters;
    total.flop += cost.flop;
    total.activation_bytes = std::max(total.activation_bytes, cost.activation_bytes);
  }
  std::fputs(line(message("LDR -> HDR (", model.variant(), ")"), total).c_str(), stdout);
}

}  // namespace

int describe(const std::string& folder, const std::string& text) {
  const Dimensions size = parse_dimensions("--size", text);
  std::vector<std::function<std::unique_ptr<Model>()>> makers;  // one model at a time, without memory
  if (!folder.empty()) {
    makers.emplace_back([&] { return load_model(folder).model; });
  } else {
    for (const ModelFamily& family : model_families())
      for (const nlohmann::json& variant : family.variants())
        makers.emplace_back([&family, variant] {
          const ConstructOn nowhere(Device::meta());
          return make_model({std::string(family.name), variant});
        });
  }
  std::set<std::string> printed;
  for (const auto& make : makers) print(*make(), size, printed);
  return 0;
}

}  // namespace duhdr
