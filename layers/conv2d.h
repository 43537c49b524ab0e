// SPDX-License-Identifier: Apache-2.0
// Convolution and linear layers: objects that own `weight` and `bias`; the arithmetic is the op's.
#pragma once

#include "kernels/conv/conv2d.h"
#include "kernels/linear.h"
#include "layers/init.h"
#include "layers/module.h"

namespace duhdr {

struct ConvOptions {
  int stride = 1;
  int dilation = 1;
  bool depthwise = false;
  bool features = false;
  bool upsample = false;
  bool transposed = false;
  bool bias = true;
  Activation activation = Activation::none;
  Init init = Init::glorot_uniform;
  double initial_bias = 0;
};

/// `weight` [out, in, k, k] (depthwise [out, 1, k, k], transposed [in, out, k, k]) and `bias` [out], f32. In forward
/// the weight takes the type of the input.
class Conv2d : public Module {
 public:
  Conv2d(std::int64_t in, std::int64_t out, std::int64_t kernel, const ConvOptions& options = {});

  /// x [N, H, W, C], skip and residual as in the op conv2d.
  Variable operator()(const Variable& x, const Variable& skip = {}, const Variable& residual = {}) const;

  /// Constant factors [1, in, 1, 1] of the input channels, set once; they go into the weight, not over the activations.
  void set_input_scale(const Tensor& scale) { input_scale_ = constant(scale); }

  /// The layer's linear map with everything in it that goes into the weight: like `weight` and [O], f64 on the CPU.
  /// What networks are rewritten with at their freeze.
  struct Map {
    Tensor weight, bias;
  };
  Map map() const;

  /// A layer of a frozen network with this map, in the types of `like`.
  Conv2d(const Conv2d& like, const Map& map, Activation activation);

  /// Turns act(bn-like factor * conv + shift) into one convolution: weight and bias change for good.
  void fold(const Tensor& factor, const Tensor& shift, Activation activation);

 protected:
  void reset(std::uint64_t seed, const std::string& full_name) override;
  void on_freeze() override;

 private:
  std::int64_t outputs() const { return weight_.shape()[desc_.transposed ? 1 : 0]; }
  Variable weight_as(DType dtype) const;
  void set_map(const Map& map, Activation activation);

  ConvOptions options_;
  Conv2dDesc desc_;
  Variable weight_, bias_, input_scale_;
};

/// `weight` [out, in] and `bias` [out], f32: always computed in f32 or better.
class Linear : public Module {
 public:
  Linear(std::int64_t in, std::int64_t out, bool bias, Activation activation = Activation::none,
         Init init = Init::glorot_uniform);
  Variable operator()(const Variable& x) const;  // [N, in] or [N, 1, 1, in] -> [N, out]

 protected:
  void reset(std::uint64_t seed, const std::string& full_name) override;

 private:
  Activation activation_;
  Init init_;
  Variable weight_, bias_;
};

}  // namespace duhdr
