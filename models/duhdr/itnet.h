// SPDX-License-Identifier: Apache-2.0
// ITnet: undoes the truncation of highlights (Eq. 15): H^ = x + mask * residual(x), a VGG16 encoder and a decoder with
// skips. With Residual::gain H^ = x * 10^(mask * residual), and the encoder sees the mask as a fourth channel.
// With itnet_scale 2 encoder and decoder work at half the resolution, and the image at full resolution guides what they
// found at its edges.
#pragma once

#include <memory>
#include <vector>

#include "layers/batch_norm.h"
#include "models/duhdr/config.h"
#include "models/levels.h"
#include "models/vgg16.h"

namespace duhdr {

class ITnet : public Module {
 public:
  explicit ITnet(const DuHdrConfig& config = {});

  /// x [N, H, W, 3], sides multiples of DuHdrConfig::alignment(), the linearised image in [0, 1] -> H^ [N, H, W, 3].
  /// `iterations` > 1 repeats by Eq. 18-19: the net sees C(H^) of the iteration before, base and mask stay those of x
  /// (`literal`: they become those of C(H^)).
  Variable operator()(const Variable& x, int iterations = 1, bool literal = false) const;

  double alpha() const { return alpha_; }

  // One evaluation in steps, level by level; level 0 has full resolution (half of it with itnet_scale 2) and reads the
  // image. Frozen, its skip and its features have the three channels of the result.
  static constexpr int levels = 5;
  /// `first`: without the convolutions before this one.
  Level down(int level, Variable x, int first = 0) const;
  /// One convolution of a level below 0.
  Variable convolution(int level, int index, Variable x) const {
    return encoder_.group(level, std::move(x), index, index + 1);
  }
  Variable bottom(const Variable& x) const { return bottleneck_(x); }
  Variable up(int level, const Variable& x, const Variable& skip) const;
  /// Base and residual together, the residual from the image that the net has seen and the features of level 0.
  Variable finish(const Variable& base, const Variable& seen, const Variable& features) const;

 private:
  void collapse_tail();
  Variable input(const Variable& image) const;

  double alpha_;
  Residual residual_;
  int scale_;
  VggEncoder& encoder_;
  ConvBn bottleneck_;
  std::vector<std::unique_ptr<ConvBn>> ups_;
  std::vector<Conv2d*> fuses_;
  ConvBn out_;
  Conv2d& fuse0_;
  Conv2d *tail_skip_ = nullptr, *tail_up_ = nullptr;  // of the frozen net: out(fuse5([up, skip])), a half each
};

}  // namespace duhdr
