// SPDX-License-Identifier: Apache-2.0
// VGG16 (Simonyan and Zisserman): the convolutions of ITnet's encoder and of the perceptual loss.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "layers/batch_norm.h"

namespace duhdr {

/// The first `groups` of the five groups of 3x3 convolutions with ReLU: children conv1_1, conv1_2, conv2_1, ... on
/// `in` channels. `normalised`: without bias and followed by BatchNorm, bn1_1, ...; without it a network that learns
/// from scratch at a high rate drives its deepest features to one huge pattern.
class VggEncoder : public Module {
 public:
  VggEncoder(const std::array<std::int64_t, 5>& widths, int groups, std::int64_t in = 3, bool normalised = false);
  /// Its convolutions from number `first` on, up to `end`; indices from 0. The size of x stays.
  Variable group(int index, Variable x, int first = 0, int end = 3) const;
  int groups() const { return static_cast<int>(groups_.size()); }

 private:
  struct Step {  // one of the two
    Conv2d* plain = nullptr;
    std::unique_ptr<ConvBn> normalised;
  };
  std::vector<std::vector<Step>> groups_;
};

/// Features of the perceptual loss (Eq. 16): after pool1, pool2 and pool3.
class Vgg16Features : public VggEncoder {
 public:
  explicit Vgg16Features(const std::array<std::int64_t, 3>& widths = {64, 128, 256});
  std::vector<Variable> operator()(const Variable& image) const;  // [N, H, W, 3], RGB in [0, 1]
};

}  // namespace duhdr
