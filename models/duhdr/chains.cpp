// SPDX-License-Identifier: Apache-2.0
// Both chains of DuHDR, pass by pass.
#include "kernels/camera/curve.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/pointwise.h"
#include "models/duhdr/duhdr.h"

namespace duhdr {
namespace {

using In = std::span<const Variable>;

void add_dnet(std::vector<Pass>& passes, const Dnet& net) {
  LevelPasses levels(passes, net, "dnet", "Dnet");
  levels.down("Dnet", {{"image"}}, [](In in) { return in[0]; });
  levels.bottom("Dnet");
  levels.up("Dnet", {"image"}, "dequantised",
            [&net](const Variable& features, In in) { return net.finish(in[0], features); });
}

/// One evaluation of ITnet on the image `seen`.
void add_itnet(std::vector<Pass>& passes, const ITnet& net, int evaluation, const std::string& seen,
               const std::string& output) {
  const std::string name = evaluation == 0 ? "ITnet" : message("ITnet ", evaluation + 1);
  LevelPasses levels(passes, net, "itnet", name);
  levels.vgg_down("ITnet", seen);
  levels.bottom("ITnet");
  Pass& last = levels.up("ITnet", {"linear", seen}, output,
                         [&net](const Variable& features, In in) { return net.finish(in[0], in[1], features); });
  last.only_where = "mask";
  last.otherwise = "linear";  // x + 0 * residual
}

void add_oonet(std::vector<Pass>& passes, const OOnet& net) {
  LevelPasses levels(passes, net, "oonet", "OOnet");
  constexpr int bottom = OOnet::levels;
  levels.down("OOnet down", {{"hdr"}, {"linear"}, {"dequantised"}},
              [&net](In in) { return net.input(in[0], in[1], in[2]); });
  if (net.has_bottleneck()) {
    levels.add("OOnet down", "last down", bottom, {{levels.pooled(bottom - 1)}}, {levels.skip(bottom)},
               [&net](In in) { return net.last_down(in[0]); });
    levels.add("OOnet middle", "bottom", bottom, {{levels.skip(bottom)}}, {levels.features(bottom)},
               [&net](In in) { return net.bottleneck(in[0]); });
  } else {
    levels.bottom("OOnet down");
  }
  levels.up("OOnet up", {"hdr"}, "result",
            [&net](const Variable& features, In in) { return net.finish(in[0], features); });
}

}  // namespace

Chain DuHdr::make_to_hdr() const {
  Chain chain{.source = "image", .alignment = config_.alignment(), .passes = {}, .result = "result", .mask = "mask"};
  std::vector<Pass>& passes = chain.passes;
  add_dnet(passes, dnet_);
  passes.push_back({.name = "INnet",
                    .network = "innet",
                    .inputs = {{"dequantised", /*padded=*/false}},
                    .outputs = {"curve"},
                    .run = [this](In in) { return innet_(in[0]); }});
  passes.push_back(
      {.name = "linearise", .inputs = {{"curve"}, {"dequantised"}}, .outputs = {"linear"}, .run = [](In in) {
         return apply_curve(in[0], in[1]);
       }});
  passes.push_back({.name = "mask", .inputs = {{"linear"}}, .outputs = {"mask"}, .run = [this](In in) {
                      return exposure_mask(in[0], itnet_.alpha());
                    }});
  std::string seen = "linear";
  for (int i = 0; i < config_.itnet_iterations; ++i) {
    const bool last = i + 1 == config_.itnet_iterations;
    const std::string estimate = last ? "hdr" : message("hdr ", i + 1);
    add_itnet(passes, itnet_, i, seen, estimate);
    if (last) break;
    seen = message("seen ", i + 2);
    passes.push_back({.name = message("ITnet ", i + 2, " truncation"),
                      .group = "ITnet",
                      .network = "itnet",
                      .inputs = {{estimate}},
                      .outputs = {seen},
                      .run = [](In in) { return truncation(in[0]); }});
  }
  add_oonet(passes, oonet_);
  return chain;
}

Chain DuHdr::make_to_ldr() const {
  return {.source = "light",
          .alignment = config_.alignment(),
          .passes = {{.name = "truncate",
                      .inputs = {{"light"}},
                      .outputs = {"truncated"},
                      .run = [](In in) { return truncation(in[0]); }},
                     {.name = "Nnet",
                      .network = "nnet",
                      .inputs = {{"truncated", /*padded=*/false}},
                      .outputs = {"curve"},
                      .run = [this](In in) { return nnet_(in[0]); }},
                     {.name = "expose",
                      .inputs = {{"curve"}, {"truncated"}},
                      .outputs = {"result"},
                      .run = [](In in) { return quantise(apply_curve(in[0], in[1])); }}},
          .result = "result",
          .mask = ""};
}

}  // namespace duhdr
