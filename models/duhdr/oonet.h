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
  /// [N, H, W, 3].
  Variable operator()(const Variable& hdr, const Variable& linear, const Variable& dequantised) const;

  // The same in three steps, so that large images can go through by tiles. Only the middle one sees the whole image.
  /// Input of the net, [N, H, W, 9].
  static Variable input(const Variable& hdr, const Variable& linear, const Variable& dequantised);
  /// Features of the five levels, full resolution first.
  std::vector<Variable> encode(const Variable& input) const;
  /// The last level, [N, H/16, W/16, C] -> the same shape.
  Variable bottleneck(const Variable& level) const { return ms_se_(level); }
  /// `levels` as encode made them (the last one is not read), `middle` as bottleneck did.
  Variable decode(const Variable& hdr, std::vector<Variable> levels, Variable middle) const;

 private:
  Down down_kind_;
  ConvPair& stem_;
  std::vector<Rfb*> rfbs_;
  std::vector<ConvPair*> pairs_;
  MsSe& ms_se_;
  std::vector<UpBlock*> ups_;
  Conv2d& head_;
};

}  // namespace duhdr
