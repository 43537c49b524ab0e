// SPDX-License-Identifier: Apache-2.0
// The parts that the U-Nets share: what a level hands on, a pair of convolutions, and the way up of Dnet and OOnet.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "layers/conv2d.h"

namespace duhdr {

/// What a level on the way down makes: features for the way up [N, h, w, C], and the next level's input [N, h/2, w/2,
/// C].
struct Level {
  Variable skip, pooled;
};

/// Two k x k convolutions with leaky ReLU (slope 0.1): children "0" and "1".
class ConvPair : public Module {
 public:
  ConvPair(std::int64_t in, std::int64_t out, std::int64_t kernel);
  Variable operator()(const Variable& x) const;

 private:
  Conv2d &first_, &second_;
};

/// Bilinear 2x, 3x3 convolution "0", then 3x3 convolution "1" over [upsampled, skip]; leaky ReLU after both.
class UpBlock : public Module {
 public:
  UpBlock(std::int64_t in, std::int64_t out);
  Variable operator()(const Variable& x, const Variable& skip) const;  // skip has `out` channels, twice x's size

 private:
  Conv2d &first_, &second_;
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

}  // namespace duhdr
