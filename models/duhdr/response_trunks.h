// SPDX-License-Identifier: Apache-2.0
// The two trunks of the response nets: ResNet-18 (the paper's text) and the cut bottleneck net CRF-Net (the one whose
// cost is in the paper's Table 2).
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "layers/batch_norm.h"
#include "models/duhdr/response_net.h"

namespace duhdr {

/// relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut), 3x3 convolutions (He et al. 2016).
class BasicBlock : public Module {
 public:
  BasicBlock(std::int64_t in, std::int64_t out, int stride);
  Variable operator()(const Variable& x) const;

 private:
  ConvBn conv1_, conv2_;
  std::unique_ptr<ConvBn> shortcut_;  // "downsample.{0,1}", where the shape changes
};

/// relu(1x1 -> 3x3 -> 1x1 (four times the width) + shortcut); a stride sits in the first 1x1.
class BottleneckBlock : public Module {
 public:
  BottleneckBlock(std::int64_t in, std::int64_t width, int stride, bool project);
  Variable operator()(const Variable& x) const;

 private:
  ConvBn conv1_, conv2_, conv3_;
  std::unique_ptr<ConvBn> shortcut_;
};

class ResNet18Trunk : public ResponseTrunk {
 public:
  explicit ResNet18Trunk(const DuHdrConfig& config);
  Variable operator()(const Variable& image) const override;
  std::int64_t exit_channels() const override { return exit_channels_; }

 private:
  std::int64_t exit_channels_;
  ConvBn conv1_;
  std::vector<BasicBlock*> blocks_;
};

class CrfNetTrunk : public ResponseTrunk {
 public:
  explicit CrfNetTrunk(const DuHdrConfig& config);
  Variable operator()(const Variable& image) const override;
  std::int64_t exit_channels() const override { return exit_channels_; }

 private:
  std::int64_t exit_channels_;
  ConvBn conv1_;
  std::vector<BottleneckBlock*> blocks_;
};

}  // namespace duhdr
