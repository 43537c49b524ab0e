// SPDX-License-Identifier: Apache-2.0
#include "models/expandnet/expandnet_model.h"

#include "kernels/arithmetic.h"
#include "kernels/camera/exposure.h"
#include "kernels/camera/mask.h"
#include "kernels/layout.h"
#include "models/expandnet/config_json.h"

namespace duhdr {
namespace {

constexpr double brightest_unclipped = 248.0 / 255;

// A number an image is no image: as a value of the chain it is a list.
Variable as_list(const Variable& numbers) { return reshape(numbers, Shape{numbers.shape().n()}); }
Variable as_images(const Variable& list) { return reshape(list, Shape{list.shape()[0], 1, 1, 1}); }

}  // namespace

ExpandNetModel::ExpandNetModel(const ExpandNetConfig& config)
    : net_(child<ExpandNet>("expandnet", config)), to_hdr_(make_to_hdr()) {}

nlohmann::json ExpandNetModel::architecture() const { return to_json(net_.config()); }

void ExpandNetModel::set_camera_curves(const CurveSpace& /*forward*/, const CurveSpace& inverse) {
  const std::int64_t samples = inverse.mean.shape()[0], wanted = net_.config().curve_samples;
  if (samples != wanted)
    throw Error(ExitCode::usage, message("model.curve_samples ", wanted, ": the curve files have ", samples));
  net_.set_curve(inverse.mean);
}

Chain ExpandNetModel::make_to_hdr() const {
  using In = std::span<const Variable>;
  return {.source = "image",
          .alignment = 1,
          .passes = {{.name = "ExpandNet global",
                      .network = "expandnet",
                      .inputs = {{"image"}},
                      .outputs = {"global"},
                      .run = [this](In in) { return net_.global(in[0]); }},
                     {.name = "ExpandNet local",
                      .network = "expandnet",
                      .inputs = {{"image"}, {"global"}},
                      .outputs = {"estimate"},
                      .run = [this](In in) { return net_.local(in[0], in[1]); }},
                     {.name = "exposure",
                      .inputs = {{"image"}, {"estimate"}},
                      .outputs = {"exposure"},
                      .run = [this](In in) { return as_list(exposure_ratio(in[0], in[1], net_.curve())); }},
                     {.name = "scale",
                      .inputs = {{"estimate"}, {"exposure"}},
                      .outputs = {"result"},
                      .run = [](In in) { return mul(in[0], as_images(in[1])); }},
                     {.name = "mask",
                      .inputs = {{"image"}},
                      .outputs = {"mask"},
                      .run = [](In in) { return exposure_mask(in[0], brightest_unclipped); }}},
          .result = "result",
          .mask = "mask"};
}

std::vector<nlohmann::json> expandnet_variants() { return {to_json(ExpandNetConfig{})}; }

}  // namespace duhdr
