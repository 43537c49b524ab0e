// SPDX-License-Identifier: Apache-2.0
// Adam (Kingma and Ba, 2015) over flat buffers: one pass for all parameters of a training stage.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

struct AdamDesc {
  double beta1 = 0.9, beta2 = 0.999;
  double eps = 1e-8;     // added outside the root
  double clip_norm = 0;  // gradients of a larger 2-norm are scaled down to it; 0 = never
  double ema_decay = 0;  // of the moving average of the weights; 0 = none is kept
};

/// Flat buffers of n elements, f32 (f64 for checks), on one device.
struct AdamState {
  Tensor weights;
  Tensor gradient;                     // of the loss; read only
  Tensor learning_rate;                // f64 [1], so that it can change between launches of a recorded step
  Tensor first_moment, second_moment;  // zero at the start
  Tensor average;                      // moving average of the weights, which it starts at; undefined = none
  Tensor control;                      // f64 [AdamControl::count], zero at the start: what the step itself decides

  /// The state before the first step of `weights` [n], which it shares. The learning rate is 0.
  static AdamState start(Tensor weights, bool with_average);
};

/// Elements of AdamState::control. They live on the device, so that a step never waits for the host.
struct AdamControl {
  enum Index { steps, norm, skipped, scale, step_size, correction2, count };
};

/// One step with bias correction, as PyTorch's Adam:
///   m += (1 - beta1) (g - m),  v = beta2 v + (1 - beta2) g^2,  w -= lr / (1 - beta1^t) * m / (sqrt(v / (1 - beta2^t))
///   + eps)
/// with g scaled by min(1, clip_norm / (norm + 1e-6)). A loss [1] that is not finite, a gradient with such a value, or
/// one so large that its square is not, changes nothing: control[skipped] becomes 1 (else 0) and control[steps] stays.
/// control[norm] is the norm before clipping.
void adam_step(AdamState& state, const AdamDesc& desc, const Tensor& loss);

/// values = before where the last step was skipped: puts back what the forward pass of such a step has changed. Flat
/// tensors of the weights' type and device.
void undo_if_skipped(const AdamState& state, Tensor& values, const Tensor& before);

}  // namespace duhdr
