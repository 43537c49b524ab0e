// SPDX-License-Identifier: Apache-2.0
// Dnet: undoes the quantisation of the 8-bit file (the paper's dequantisation network, Eq. 4).
#pragma once

#include "models/duhdr/config.h"
#include "models/duhdr/unet.h"

namespace duhdr {

class Dnet : public Module {
 public:
  explicit Dnet(const DuHdrConfig& config = {});

  /// image [N, H, W, 3], sides multiples of 16, code values in [0, 1] -> [N, H, W, 3]: clip(image + tanh(head), 0, 1).
  Variable operator()(const Variable& image) const;

 private:
  ConvPair &stem_, &down1_, &down2_, &down3_, &down4_;
  UpBlock &up1_, &up2_, &up3_, &up4_;
  Conv2d& head_;
};

}  // namespace duhdr
