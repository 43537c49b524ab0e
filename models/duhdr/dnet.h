// SPDX-License-Identifier: Apache-2.0
// Dnet: undoes the quantisation of the 8-bit file (the paper's dequantisation network, Eq. 4).
#pragma once

#include <vector>

#include "models/duhdr/config.h"
#include "models/duhdr/unet.h"

namespace duhdr {

class Dnet : public Module {
 public:
  explicit Dnet(const DuHdrConfig& config = {});

  /// image [N, H, W, 3], sides multiples of 16, code values in [0, 1] -> [N, H, W, 3]: clip(image + tanh(head), 0, 1).
  Variable operator()(const Variable& image) const;

  // The same in steps, level by level; level 0 has full resolution and reads the image.
  static constexpr int levels = 4;
  Level down(int level, const Variable& x) const;
  Variable bottom(const Variable& x) const { return (*downs_[levels])(x); }
  Variable up(int level, const Variable& x, const Variable& skip) const;
  Variable finish(const Variable& image, const Variable& features) const;

 private:
  std::vector<ConvPair*> downs_;
  std::vector<UpBlock*> ups_;
  Conv2d* head_;
};

}  // namespace duhdr
