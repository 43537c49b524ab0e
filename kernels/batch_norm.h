// SPDX-License-Identifier: Apache-2.0
// Batch normalisation over the channels of [N, H, W, C], with the activation that follows it.
#pragma once

#include "autograd/variable.h"
#include "kernels/activation.h"

namespace duhdr {

struct BatchNormDesc {
  bool training = false;  // batch statistics, and the running ones are updated; else the running ones are used
  double momentum = 0.1;  // share of the new statistics in the running ones (PyTorch's meaning)
  double eps = 1e-5;
  Activation activation = Activation::none;
};

/// activation(weight (x - mean) / sqrt(var + eps) + bias), x [N, H, W, C], the rest [C] -> [N, H, W, C]. Parameters and
/// statistics are f32 (f64 for f64), also when x is bf16. Training: mean and biased variance of the batch, in two
/// passes in double; running_mean and running_var move towards the mean and the unbiased variance. Otherwise the
/// running statistics are constants, and x, weight and bias still get gradients. For the way back x is kept, not the
/// result: the slope of the activation is found again from x. Throws (internal) on other shapes or types, and in
/// training with fewer than two values a channel.
Variable batch_norm(const Variable& x, const Variable& weight, const Variable& bias, Tensor& running_mean,
                    Tensor& running_var, const BatchNormDesc& desc = {});

}  // namespace duhdr
