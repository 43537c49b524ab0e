// SPDX-License-Identifier: Apache-2.0
// OOnet: the overall optimisation network that refines the three intermediate results (Eq. 23-24).
#pragma once

#include <vector>

#include "models/duhdr/config.h"
#include "models/duhdr/ms_se.h"
#include "models/duhdr/rfb.h"
#include "models/duhdr/unet.h"

namespace duhdr {

class OOnet : public Module {
 public:
  explicit OOnet(const DuHdrConfig& config = {});

  /// H^, the linearised image and the dequantised image, each [N, H, W, 3], sides multiples of 32 -> relu(H^ + head)
  /// [N, H, W, 3]; with Residual::gain H^ * 10^head.
  Variable operator()(const Variable& hdr, const Variable& linear, const Variable& dequantised) const;

  // The same in steps, level by level; level 0 has full resolution and reads the images as input() joins them. Only the
  // bottleneck sees the whole image.
  static constexpr int levels = 4;
  /// [N, H, W, 9]; with Residual::gain H^ is compressed, log(1 + 10 H^) / log 11.
  Variable input(const Variable& hdr, const Variable& linear, const Variable& dequantised) const;
  Level down(int level, const Variable& x) const;
  Variable last_down(const Variable& x) const {
    return block(levels, x);
  }  // [N, H/16, W/16, C], as bottleneck reads it
  bool has_bottleneck() const { return ms_se_ != nullptr; }
  Variable bottleneck(const Variable& x) const { return ms_se_ != nullptr ? (*ms_se_)(x) : x; }
  Variable bottom(const Variable& x) const { return bottleneck(last_down(x)); }
  Variable up(int level, const Variable& x, const Variable& skip) const;
  Variable finish(const Variable& hdr, const Variable& features) const;

 private:
  Variable block(int level, const Variable& x) const;

  Down down_kind_;
  Residual residual_;
  ConvPair& stem_;
  std::vector<Rfb*> rfbs_;
  std::vector<ConvPair*> pairs_;
  MsSe* ms_se_;  // nullptr: none
  std::vector<UpBlock*> ups_;
  Conv2d& head_;
};

}  // namespace duhdr
