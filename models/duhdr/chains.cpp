// SPDX-License-Identifier: Apache-2.0
// Both chains of DuHDR, pass by pass. The U-Nets are cut by level: every level sees little around its pixels, so an
// image can go through by tiles at hardly more work than whole, and the skips are made once.
#include "kernels/camera/curve.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/pointwise.h"
#include "models/duhdr/duhdr.h"

namespace duhdr {
namespace {

using In = std::span<const Variable>;

std::vector<Variable> as_list(const Level& level) { return {level.skip, level.pooled}; }

/// The passes of one evaluation of a U-Net whose values are named `group` and so on.
template <class Net>
class LevelPasses {
 public:
  LevelPasses(std::vector<Pass>& passes, const Net& net, std::string network, std::string name)
      : passes_(passes), net_(net), network_(std::move(network)), name_(std::move(name)) {}

  std::string named(const std::string& what, int level) const { return message(name_, ' ', what, " 1/", 1 << level); }
  std::string skip(int level) const { return named("skip", level); }
  std::string pooled(int level) const { return named("pooled", level); }
  std::string features(int level) const { return named("features", level); }

  /// All levels on the way down; `input` makes what level 0 reads.
  void down(const std::string& group, std::vector<Pass::Input> inputs,
            const std::function<Variable(In inputs)>& input) {
    for (int level = 0; level < Net::levels; ++level) {
      add(group, "down", level, level == 0 ? std::move(inputs) : std::vector<Pass::Input>{{pooled(level - 1)}},
          {skip(level), pooled(level)}, [this_net = &net_, level, input](In in) {
            return as_list(this_net->down(level, level == 0 ? input(in) : in[0]));
          });
    }
  }

  /// All levels on the way up from features(Net::levels); `finish` takes the features of level 0 and then `inputs`.
  Pass& up(const std::string& group, const std::vector<std::string>& inputs, const std::string& output,
           const std::function<Variable(const Variable& features, In inputs)>& finish) {
    for (int level = Net::levels; level-- > 1;)
      add(group, "up", level, {{features(level + 1)}, {skip(level)}}, {features(level)},
          [this_net = &net_, level](In in) { return this_net->up(level, in[0], in[1]); });
    std::vector<Pass::Input> all{{features(1)}, {skip(0)}};
    for (const std::string& name : inputs) all.push_back({name});
    return add(group, "up", 0, all, {output},
               [this_net = &net_, finish](In in) { return finish(this_net->up(0, in[0], in[1]), in.subspan(2)); });
  }

  Pass& add(const std::string& group, const std::string& direction, int level, std::vector<Pass::Input> inputs,
            std::vector<std::string> outputs, PassFunction run) {
    passes_.push_back({.name = named(direction, level),
                       .group = group,
                       .network = network_,
                       .inputs = std::move(inputs),
                       .outputs = std::move(outputs),
                       .run = std::move(run)});
    return passes_.back();
  }

 private:
  std::vector<Pass>& passes_;
  const Net& net_;
  std::string network_, name_;
};

void add_dnet(std::vector<Pass>& passes, const Dnet& net) {
  LevelPasses levels(passes, net, "dnet", "Dnet");
  constexpr int bottom = Dnet::levels;
  levels.down("Dnet", {{"image"}}, [](In in) { return in[0]; });
  levels.add("Dnet", "bottom", bottom, {{levels.pooled(bottom - 1)}}, {levels.features(bottom)},
             [&net](In in) { return net.bottom(in[0]); });
  levels.up("Dnet", {"image"}, "dequantised",
            [&net](const Variable& features, In in) { return net.finish(in[0], features); });
}

/// One evaluation of ITnet on the image `seen`.
void add_itnet(std::vector<Pass>& passes, const ITnet& net, int evaluation, const std::string& seen,
               const std::string& output) {
  const std::string name = evaluation == 0 ? "ITnet" : message("ITnet ", evaluation + 1);
  LevelPasses levels(passes, net, "itnet", name);
  constexpr int bottom = ITnet::levels;
  for (int level = 0; level < ITnet::levels; ++level) {
    const int alone = level < 2 ? 0 : 2;  // passes of their own: three convolutions of a coarse level see far together
    std::string from = level == 0 ? seen : levels.pooled(level - 1);
    for (int i = 0; i < alone; ++i) {
      const std::string to = levels.named(message("convolution ", i + 1), level);
      levels.add("ITnet", message("down, convolution ", i + 1), level, {{from}}, {to},
                 [&net, level, i](In in) { return net.convolution(level, i, in[0]); });
      from = to;
    }
    levels.add("ITnet", "down", level, {{from}}, {levels.skip(level), levels.pooled(level)},
               [&net, level, alone](In in) { return as_list(net.down(level, in[0], alone)); });
  }
  levels.add("ITnet", "bottom", bottom, {{levels.pooled(bottom - 1)}}, {levels.features(bottom)},
             [&net](In in) { return net.bottom(in[0]); });
  Pass& last = levels.up("ITnet", {"linear", seen}, output,
                         [&net](const Variable& features, In in) { return net.finish(in[0], in[1], features); });
  last.only_where = "mask";
  last.otherwise = "linear";  // x + 0 * residual
}

void add_oonet(std::vector<Pass>& passes, const OOnet& net) {
  LevelPasses levels(passes, net, "oonet", "OOnet");
  constexpr int bottom = OOnet::levels;
  levels.down("OOnet down", {{"hdr"}, {"linear"}, {"dequantised"}},
              [](In in) { return OOnet::input(in[0], in[1], in[2]); });
  levels.add("OOnet down", "last down", bottom, {{levels.pooled(bottom - 1)}}, {levels.skip(bottom)},
             [&net](In in) { return net.last_down(in[0]); });
  levels.add("OOnet middle", "bottom", bottom, {{levels.skip(bottom)}}, {levels.features(bottom)},
             [&net](In in) { return net.bottleneck(in[0]); });
  levels.up("OOnet up", {"hdr"}, "result",
            [&net](const Variable& features, In in) { return net.finish(in[0], features); });
}

}  // namespace

Chain DuHdr::make_to_hdr() const {
  Chain chain{.source = "image", .alignment = alignment, .passes = {}, .result = "result", .mask = "mask"};
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
          .alignment = alignment,
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
