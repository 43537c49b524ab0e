// SPDX-License-Identifier: Apache-2.0
#include "models/hdrcnn/hdrcnn_model.h"

#include "kernels/arithmetic.h"
#include "kernels/camera/mask.h"
#include "models/hdrcnn/config_json.h"

namespace duhdr {
namespace {

constexpr double brightest_unclipped = 0.95;  // code value
constexpr std::int64_t alignment = 32;        // five halvings

/// (1 - mask) linear + mask max(exp(logarithm) - eps, 0)
Variable blended(const Variable& linear, const Variable& mask, const Variable& logarithm) {
  const Variable light = relu(affine(exp(logarithm), 1, -Hdrcnn::eps));
  return masked_add(linear, mask, sub(light, linear));
}

}  // namespace

HdrcnnModel::HdrcnnModel(const HdrcnnConfig& config) : net_(child<Hdrcnn>("hdrcnn", config)), to_hdr_(make_to_hdr()) {}

nlohmann::json HdrcnnModel::architecture() const { return to_json(net_.config()); }

Chain HdrcnnModel::make_to_hdr() const {
  using In = PassFunction::Inputs;
  Chain chain{.source = "image", .alignment = alignment, .passes = {}, .result = "result", .mask = "mask"};
  chain.passes = {
      {.name = "linearise", .inputs = {{"image"}}, .outputs = {"linear"}, .run = [](In in) { return square(in[0]); }},
      {.name = "mask", .inputs = {{"image"}}, .outputs = {"mask"}, .run = [](In in) {
         return exposure_mask(in[0], brightest_unclipped);
       }}};
  LevelPasses levels(chain.passes, net_, "hdrcnn", "HDRCNN");
  levels.vgg_down("HDRCNN", "image");
  levels.bottom("HDRCNN");
  Pass& last = levels.up("HDRCNN", {"image", "linear", "mask"}, "result", [this](const Variable& features, In in) {
    return blended(in[1], in[2], net_.finish(in[0], features));
  });
  last.only_where = "mask";
  last.otherwise = "linear";
  return chain;
}

std::vector<nlohmann::json> hdrcnn_variants() { return {to_json(HdrcnnConfig{})}; }

}  // namespace duhdr
