// SPDX-License-Identifier: Apache-2.0
// Dnet: undoes the quantisation of the 8-bit file (the paper's dequantisation network, Eq. 4).
#pragma once

#include "models/duhdr/config.h"
#include "models/duhdr/unet.h"

namespace duhdr {

class Dnet : public Module {
 public:
  static constexpr std::int64_t alignment = 16;  // sides must be multiples of this
  static constexpr std::int64_t halo = 128;      // pixels around a tile that its result depends on (118 in fact)

  explicit Dnet(const DuHdrConfig& config = {});

  /// image [N, H, W, 3], code values in [0, 1] -> [N, H, W, 3]: clip(image + tanh(head), 0, 1).
  Variable operator()(const Variable& image) const;

 private:
  ConvPair &stem_, &down1_, &down2_, &down3_, &down4_;
  UpBlock &up1_, &up2_, &up3_, &up4_;
  Conv2d& head_;
};

}  // namespace duhdr
