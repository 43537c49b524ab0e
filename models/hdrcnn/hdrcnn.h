// SPDX-License-Identifier: Apache-2.0
// HDRCNN: the light of clipped areas from one photograph (Eilertsen, Kronander, Denes, Mantiuk, Unger 2017). A VGG16
// encoder on code values and a decoder in the logarithmic domain, to which the skips are brought.
#pragma once

#include <memory>
#include <vector>

#include "layers/batch_norm.h"
#include "models/hdrcnn/config.h"
#include "models/levels.h"
#include "models/vgg16.h"

namespace duhdr {

class Hdrcnn : public Module {
 public:
  explicit Hdrcnn(const HdrcnnConfig& config = {});
  const HdrcnnConfig& config() const { return config_; }

  /// Added to light before its logarithm is taken.
  static constexpr double eps = 1.0 / 255;

  /// image [N, H, W, 3], code values in [0, 1], sides multiples of 32 -> ln(H + eps) [N, H, W, 3].
  Variable operator()(const Variable& image) const { return finish(image, through_levels(*this, image)); }

  // The same in steps, level by level; level 0 has full resolution and reads the image. Frozen, its skip has the three
  // channels of the features.
  static constexpr int levels = 5;
  /// `first`: without the convolutions before this one.
  Level down(int level, Variable x, int first = 0) const;
  /// One convolution of a level below 0.
  Variable convolution(int level, int index, Variable x) const {
    return encoder_.group(level, std::move(x), index, index + 1);
  }
  Variable bottom(const Variable& x) const { return bottleneck_(x); }
  Variable up(int level, const Variable& x, const Variable& skip) const;
  Variable finish(const Variable& image, const Variable& features) const;

 private:
  void collapse_tail();

  HdrcnnConfig config_;
  VggEncoder& encoder_;
  ConvBn bottleneck_;
  std::vector<std::unique_ptr<ConvBn>> ups_;
  std::vector<Conv2d*> fuses_;
  ConvBn out_;
  Conv2d& fuse0_;
  Conv2d *tail_skip_ = nullptr, *tail_up_ = nullptr;  // of the frozen net: out(fuse5([up, skip])), a half each
};

}  // namespace duhdr
