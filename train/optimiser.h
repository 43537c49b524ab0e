// SPDX-License-Identifier: Apache-2.0
// Optimiser: the trained parameters in one flat buffer, and Adam over it.
#pragma once

#include <map>
#include <string>

#include "kernels/adam.h"
#include "train/flat_variables.h"

namespace duhdr {

class Optimiser {
 public:
  /// The values of `parameters` (f32 or f64, one device; at least one) move: see FlatVariables.
  Optimiser(std::vector<NamedVariable> parameters, const AdamDesc& desc);

  void set_learning_rate(double rate);

  /// Forgets the gradients, and what was derived from the weights.
  void begin();
  /// Forgets what was derived from the weights for one pass (packed weights, say): the other needs them otherwise.
  void forget_derived() { state_.weights.contents_changed(); }

  /// Takes the gradients (none = zero), steps, and forgets them. A loss [1] or gradient that is not finite changes
  /// nothing. Never waits for the device: outcome() does.
  void step(const Tensor& loss);
  /// After step(): puts values back that were `before` the step, if it was skipped. See undo_if_skipped().
  void undo_if_skipped(Tensor& values, const Tensor& before) const;

  struct Outcome {
    bool skipped;
    double gradient_norm;
  };
  Outcome outcome() const;  // of the last step

  /// With moving averages: puts them where the weights are and the weights where they were, for a look at them; again
  /// to undo it. Without: does nothing.
  void exchange_averages();
  /// With moving averages: they become the weights.
  void adopt_averages();

  /// Moments, averages and counters, for a checkpoint. Parameters are not in it: they are the networks'.
  std::map<std::string, Tensor> state() const;
  void set_state(const std::map<std::string, Tensor>& state);

 private:
  FlatVariables parameters_;
  AdamDesc desc_;
  AdamState state_;
};

}  // namespace duhdr
