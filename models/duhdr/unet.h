// SPDX-License-Identifier: Apache-2.0
// The parts that Dnet and OOnet share: a pair of convolutions, and a level of the way up.
#pragma once

#include "layers/conv2d.h"
#include "models/levels.h"

namespace duhdr {

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

}  // namespace duhdr
