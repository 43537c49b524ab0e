// SPDX-License-Identifier: Apache-2.0
// BatchNorm as a layer, and the pair conv + BatchNorm that freezing turns into one convolution.
#pragma once

#include "kernels/batch_norm.h"
#include "layers/conv2d.h"

namespace duhdr {

/// `weight`, `bias`, `running_mean`, `running_var` [C], f32 (eps 1e-5, momentum 0.1).
class BatchNorm2d : public Module {
 public:
  explicit BatchNorm2d(std::int64_t channels);
  Variable operator()(const Variable& x, Activation activation = Activation::none) const;  // [N, H, W, C]

  /// The affine map it is at inference, x * factor + shift, f64 [C] each.
  struct Map {
    Tensor factor, shift;
  };
  Map inference_map() const;

 protected:
  void reset(std::uint64_t seed, const std::string& full_name) override;

 private:
  Variable weight_, bias_, running_mean_, running_var_;
};

/// activation(scale * bn(conv(x)) + residual). The two layers are children of `parent` under the given names.
class ConvBn {
 public:
  ConvBn(Module& parent, const std::string& conv_name, const std::string& bn_name, std::int64_t in, std::int64_t out,
         std::int64_t kernel, const ConvOptions& options, double scale = 1);
  ConvBn(const ConvBn&) = delete;  // the freeze hook holds this address
  ConvBn& operator=(const ConvBn&) = delete;

  Variable operator()(const Variable& x, const Variable& residual = {}) const;

  /// Once the parent's freeze has begun, the whole of the pair but for the activation.
  const Conv2d& conv() const { return conv_; }

 private:
  void fold();

  Activation activation_;
  double scale_;
  bool folded_ = false;
  Conv2d& conv_;
  BatchNorm2d& bn_;
};

}  // namespace duhdr
