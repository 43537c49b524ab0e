// SPDX-License-Identifier: Apache-2.0
// RFB: receptive field block. Three branches of growing dilation, fused and added to a shortcut (the paper's Fig. 4,
// after Liu et al. 2018).
#pragma once

#include <memory>
#include <vector>

#include "layers/batch_norm.h"

namespace duhdr {

/// [N, H, W, in] -> [N, H, W, out]: relu(0.1 * fuse(branches) + shortcut(x)), every convolution with BatchNorm.
class Rfb : public Module {
 public:
  Rfb(std::int64_t in, std::int64_t out);
  Variable operator()(const Variable& x) const;

 private:
  void merge();

  using Branch = std::vector<std::unique_ptr<ConvBn>>;
  Branch branches_[3];
  std::unique_ptr<ConvBn> fuse_, shortcut_;
  Conv2d* merged_ = nullptr;  // of the frozen block: fuse over the branches and shortcut over x, one sum
};

}  // namespace duhdr
