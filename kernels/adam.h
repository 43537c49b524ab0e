// SPDX-License-Identifier: Apache-2.0
// Adam (Kingma and Ba, 2015) over flat buffers: one pass for all parameters of a training stage.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

struct AdamDesc {
  double learning_rate = 1e-4;
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;     // added outside the root
  double clip_norm = 0;  // gradients of a larger 2-norm are scaled down to it; 0 = never
  double ema_decay = 0;  // of the moving average of the weights; 0 = none is kept
};

/// Flat buffers of n elements, f32 (f64 for checks), on one device.
struct AdamState {
  Tensor weights;
  Tensor gradient;                     // of the loss; read only
  Tensor first_moment, second_moment;  // zero at the start
  Tensor average;                      // moving average of the weights, which it starts at; undefined = none
  Tensor control;                      // f64 [AdamControl::count], zero at the start: what the step itself decides

  static AdamState zeros(std::int64_t n, DType dtype, Device device, bool with_average);
};

/// Elements of AdamState::control. They live on the device, so that a step never waits for the host.
struct AdamControl {
  enum Index { steps, norm, skipped, scale, correction1, correction2, count };
};

/// One step with bias correction, as PyTorch's Adam:
///   m += (1 - beta1) (g - m),  v = beta2 v + (1 - beta2) g^2,  w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t))
///   + eps)
/// with g scaled by min(1, clip_norm / (norm + 1e-6)). A gradient with a value that is not finite, or one so large that
/// its square is not, changes nothing: control[skipped] becomes 1 (else 0) and control[steps] stays. control[norm] is
/// the norm before clipping.
void adam_step(AdamState& state, const AdamDesc& desc);

}  // namespace duhdr
