// SPDX-License-Identifier: Apache-2.0
// VGG16 (Simonyan and Zisserman): the convolutions of ITnet's encoder and of the perceptual loss.
#pragma once

#include <array>
#include <vector>

#include "layers/conv2d.h"

namespace duhdr {

/// The first `groups` of the five groups of 3x3 convolutions with ReLU: children conv1_1, conv1_2, conv2_1, ... on
/// `in` channels.
class VggEncoder : public Module {
 public:
  VggEncoder(const std::array<std::int64_t, 5>& widths, int groups, std::int64_t in = 3);
  /// Its convolutions from number `first` on, up to `end`; indices from 0. The size of x stays.
  Variable group(int index, Variable x, int first = 0, int end = 3) const;
  int groups() const { return static_cast<int>(groups_.size()); }

 private:
  std::vector<std::vector<Conv2d*>> groups_;
};

/// Features of the perceptual loss (Eq. 16): after pool1, pool2 and pool3.
class Vgg16Features : public VggEncoder {
 public:
  explicit Vgg16Features(const std::array<std::int64_t, 3>& widths = {64, 128, 256});
  std::vector<Variable> operator()(const Variable& image) const;  // [N, H, W, 3], RGB in [0, 1]
};

}  // namespace duhdr
