// SPDX-License-Identifier: Apache-2.0
// A convolution as data: what is fused into it and the shapes of its operands.
#pragma once

#include "kernels/camera/response_features.h"
#include "kernels/conv/conv2d.h"
#include "tests/cases/op_cases.h"

namespace duhdr::test {

struct ConvLayer {
  std::string name = {};
  Shape x = {};
  std::int64_t outputs = 1;
  std::int64_t kernel = 3;
  Conv2dDesc desc = {};
  bool bias = true;
  bool residual = false;
  std::int64_t skip = 0;  // channels of the second source; 0 = none

  /// Taps of the kernel that a result has of each channel: a transposed one is made of four 2x2.
  std::int64_t taps() const { return desc.transposed ? kernel * kernel / 4 : kernel * kernel; }
  std::int64_t weight_inputs() const {
    return desc.depthwise ? 1 : desc.features ? response_feature_channels : x.c() + skip;
  }
  Shape result() const;
  /// In the order of a row's inputs: x, weight, and of bias, skip and residual those that the layer has.
  std::vector<Shape> shapes() const;
  Conv2dInputs operands(const std::vector<Variable>& inputs) const;
};

/// The layer as a row of the op case table.
OpCase case_of(const ConvLayer& layer);

/// Small layers for every option, and every combination of them that a network uses.
std::vector<ConvLayer> small_layers();

/// The distinct layers of the networks (channels, kernel, stride, dilation, sources, epilogue) on a small image.
std::vector<ConvLayer> network_layers();

}  // namespace duhdr::test
