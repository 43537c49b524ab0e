// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/response_trunks.h"

#include "kernels/camera/response_features.h"
#include "kernels/pool.h"

namespace duhdr {
namespace {

ConvOptions trunk_conv(Activation activation, int stride = 1, bool bias = false) {
  return {.stride = stride, .bias = bias, .activation = activation, .init = Init::he_normal};
}

ConvOptions stem_conv(bool bias) {
  ConvOptions options = trunk_conv(Activation::relu, 2, bias);
  options.features = true;
  return options;
}

const Pool2dDesc stem_pool{.kernel = 3, .stride = 2, .padding = 1};

}  // namespace

BasicBlock::BasicBlock(std::int64_t in, std::int64_t out, int stride)
    : conv1_(*this, "conv1", "bn1", in, out, 3, trunk_conv(Activation::relu, stride)),
      conv2_(*this, "conv2", "bn2", out, out, 3, trunk_conv(Activation::relu)) {
  if (stride != 1 || in != out)
    shortcut_ = std::make_unique<ConvBn>(*this, "downsample.0", "downsample.1", in, out, 1,
                                         trunk_conv(Activation::none, stride));
}

Variable BasicBlock::operator()(const Variable& x) const { return conv2_(conv1_(x), shortcut_ ? (*shortcut_)(x) : x); }

BottleneckBlock::BottleneckBlock(std::int64_t in, std::int64_t width, int stride, bool project)
    : conv1_(*this, "conv1", "bn1", in, width, 1, trunk_conv(Activation::relu, stride)),
      conv2_(*this, "conv2", "bn2", width, width, 3, trunk_conv(Activation::relu)),
      conv3_(*this, "conv3", "bn3", width, 4 * width, 1, trunk_conv(Activation::relu)) {
  if (project)
    shortcut_ = std::make_unique<ConvBn>(*this, "downsample.0", "downsample.1", in, 4 * width, 1,
                                         trunk_conv(Activation::none, stride));
}

Variable BottleneckBlock::operator()(const Variable& x) const {
  return conv3_(conv2_(conv1_(x)), shortcut_ ? (*shortcut_)(x) : x);
}

ResNet18Trunk::ResNet18Trunk(const DuHdrConfig& config)
    : exit_channels_(config.response_widths[3]),
      conv1_(*this, "conv1", "bn1", response_feature_channels, config.response_widths[0], 7, stem_conv(false)) {
  std::int64_t in = config.response_widths[0];
  for (int layer = 1; layer <= 4; ++layer)
    for (int block = 0; block < 2; ++block) {
      const std::int64_t out = config.response_widths[static_cast<std::size_t>(layer - 1)];
      const int stride = layer > 1 && block == 0 ? 2 : 1;
      blocks_.push_back(&child<BasicBlock>(message("layer", layer, '.', block), in, out, stride));
      in = out;
    }
}

Variable ResNet18Trunk::operator()(const Variable& image) const {
  Variable x = max_pool2d(conv1_(image), stem_pool);
  for (const BasicBlock* block : blocks_) x = (*block)(x);
  return x;
}

CrfNetTrunk::CrfNetTrunk(const DuHdrConfig& config)
    : exit_channels_(4 * config.response_widths[1]),
      conv1_(*this, "conv1", "bn1", response_feature_channels, config.response_widths[0], 7, stem_conv(true)) {
  const std::int64_t narrow = config.response_widths[0], wide = config.response_widths[1];
  blocks_.push_back(&child<BottleneckBlock>("layer1.0", narrow, narrow, 1, true));
  blocks_.push_back(&child<BottleneckBlock>("layer1.1", 4 * narrow, narrow, 1, false));
  blocks_.push_back(&child<BottleneckBlock>("layer1.2", 4 * narrow, narrow, 1, false));
  blocks_.push_back(&child<BottleneckBlock>("layer2.0", 4 * narrow, wide, 2, true));
  blocks_.push_back(&child<BottleneckBlock>("layer2.1", 4 * wide, wide, 1, false));
}

Variable CrfNetTrunk::operator()(const Variable& image) const {
  Variable x = max_pool2d(conv1_(image), stem_pool);
  for (const BottleneckBlock* block : blocks_) x = (*block)(x);
  return x;
}

}  // namespace duhdr
