// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/config_json.h"

#include <algorithm>

namespace duhdr {
namespace {

constexpr std::int64_t max_width = 4096;

template <std::size_t N>
void read_widths(JsonObject& widths, const char* key, std::array<std::int64_t, N>& out) {
  if (!widths.has(key)) return;
  const std::vector<std::int64_t> values = widths.integers(key, 1, max_width);
  if (values.size() != N) widths.refuse(key, message(values.size(), " widths, expected ", N));
  std::copy(values.begin(), values.end(), out.begin());
}

}  // namespace

const char* name_of(Trunk trunk) { return trunk == Trunk::resnet18 ? "resnet18" : "crfnet"; }
const char* name_of(Down down) { return down == Down::rfb ? "rfb" : "conv"; }
const char* name_of(Encoder encoder) { return encoder == Encoder::vgg16 ? "vgg16" : "vgg16_bn"; }
const char* name_of(Residual residual) { return residual == Residual::add ? "add" : "gain"; }
const char* name_of(Middle middle) { return middle == Middle::ms_se ? "ms_se" : "none"; }

nlohmann::json to_json(const DuHdrConfig& config) {
  return {{"trunk", name_of(config.trunk)},
          {"down", name_of(config.down)},
          {"middle", name_of(config.middle)},
          {"itnet_residual", name_of(config.itnet_residual)},
          {"itnet_encoder", name_of(config.itnet_encoder)},
          {"itnet_scale", config.itnet_scale},
          {"oonet_residual", name_of(config.oonet_residual)},
          {"curve_samples", config.curve_samples},
          {"curve_k", config.curve_k},
          {"alpha", config.alpha},
          {"itnet_iterations", config.itnet_iterations},
          {"response_max_side", config.response_max_side},
          {"widths",
           {{"dnet", config.dnet_widths},
            {"itnet", config.itnet_widths},
            {"oonet", config.oonet_widths},
            {"response", config.response_widths}}}};
}

DuHdrConfig config_from_json(JsonObject architecture) {
  DuHdrConfig config;
  config.trunk = architecture.one_of("trunk", {"resnet18", "crfnet"}) == "resnet18" ? Trunk::resnet18 : Trunk::crfnet;
  config.down = architecture.one_of("down", {"rfb", "conv"}) == "rfb" ? Down::rfb : Down::conv;
  config.middle = architecture.one_of("middle", {"ms_se", "none"}, "ms_se") == "ms_se" ? Middle::ms_se : Middle::none;
  const auto residual = [&](const char* key) {
    return architecture.one_of(key, {"add", "gain"}, "add") == "add" ? Residual::add : Residual::gain;
  };
  config.itnet_residual = residual("itnet_residual");
  config.oonet_residual = residual("oonet_residual");
  config.itnet_encoder = architecture.one_of("itnet_encoder", {"vgg16", "vgg16_bn"}, "vgg16") == "vgg16"
                             ? Encoder::vgg16
                             : Encoder::vgg16_bn;
  if (architecture.has("itnet_scale")) config.itnet_scale = static_cast<int>(architecture.integer("itnet_scale", 1, 2));
  config.curve_samples = architecture.integer("curve_samples", 2, 65536);
  config.curve_k = architecture.integer("curve_k", 1, 25);
  config.alpha = architecture.number("alpha", 0, 0.999);
  config.itnet_iterations = static_cast<int>(architecture.integer("itnet_iterations", 1, 16));
  config.response_max_side = architecture.integer("response_max_side", 0, 65536);
  if (architecture.has("widths")) {
    JsonObject widths = architecture.object("widths");
    read_widths(widths, "dnet", config.dnet_widths);
    read_widths(widths, "itnet", config.itnet_widths);
    read_widths(widths, "oonet", config.oonet_widths);
    read_widths(widths, "response", config.response_widths);
    if (config.oonet_widths[4] % 2 != 0) widths.refuse("oonet", "the last width must be even");
    widths.finish();
  }
  architecture.finish();
  return config;
}

}  // namespace duhdr
