// SPDX-License-Identifier: Apache-2.0
// What U-Nets share: what a level hands on, the way through all of them on a whole image, and their passes of a chain,
// cut by level: every level sees little around its pixels, so an image can go through by tiles at hardly more work than
// whole, and the skips are made once.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "models/chain.h"

namespace duhdr {

/// What a level on the way down makes: features for the way up [N, h, w, C], and the next level's input [N, h/2, w/2,
/// C].
struct Level {
  Variable skip, pooled;
};

/// A U-Net on whole images. Net::levels levels, full resolution first: down(level, x) -> Level, bottom(x) -> features
/// of half the last level's size, up(level, x, skip) -> the level's features.
template <class Net>
Variable through_levels(const Net& net, Variable x) {
  std::vector<Variable> skips;
  for (int level = 0; level < Net::levels; ++level) {
    Level made = net.down(level, std::exchange(x, {}));
    skips.push_back(std::move(made.skip));
    x = std::move(made.pooled);
  }
  x = net.bottom(std::exchange(x, {}));
  for (int level = Net::levels; level-- > 0; skips.pop_back())  // at inference a skip is released as soon as it is used
    x = net.up(level, std::exchange(x, {}), skips.back());
  return x;
}

/// The passes of one evaluation of a U-Net whose values are named `name` and so on.
template <class Net>
class LevelPasses {
 public:
  using In = PassFunction::Inputs;

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

  /// The same from the value `seen` by VGG16's groups: convolution(level, index, x) is one of a level's,
  /// down(level, x, first) what follows the first ones. Three convolutions of a coarse level see far together, so the
  /// first two are passes of their own.
  void vgg_down(const std::string& group, const std::string& seen) {
    for (int level = 0; level < Net::levels; ++level) {
      const int alone = level < 2 ? 0 : 2;
      std::string from = level == 0 ? seen : pooled(level - 1);
      for (int i = 0; i < alone; ++i) {
        const std::string to = named(message("convolution ", i + 1), level);
        add(group, message("down, convolution ", i + 1), level, {{from}}, {to},
            [this_net = &net_, level, i](In in) { return this_net->convolution(level, i, in[0]); });
        from = to;
      }
      add(group, "down", level, {{from}}, {skip(level), pooled(level)},
          [this_net = &net_, level, alone](In in) { return as_list(this_net->down(level, in[0], alone)); });
    }
  }

  void bottom(const std::string& group) {
    add(group, "bottom", Net::levels, {{pooled(Net::levels - 1)}}, {features(Net::levels)},
        [this_net = &net_](In in) { return this_net->bottom(in[0]); });
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
  static std::vector<Variable> as_list(const Level& level) { return {level.skip, level.pooled}; }

  std::vector<Pass>& passes_;
  const Net& net_;
  std::string network_, name_;
};

}  // namespace duhdr
