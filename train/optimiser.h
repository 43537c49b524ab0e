// SPDX-License-Identifier: Apache-2.0
// Optimiser: the trained parameters in one flat buffer, and Adam over it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/adam.h"
#include "layers/module.h"

namespace duhdr {

class Optimiser {
 public:
  /// Moves the values of `parameters` (f32 or f64, one device) into a flat buffer; the parameters become views of it.
  Optimiser(std::vector<NamedVariable> parameters, const AdamDesc& desc);

  struct Result {
    bool skipped;  // a gradient was not finite: nothing has changed
    double gradient_norm;
  };
  /// Takes the gradients (none = zero), steps, and forgets them.
  Result step(double learning_rate);

  /// With moving averages: puts them where the weights are and the weights where they were, for a look at them; again
  /// to undo it. Without: does nothing.
  void exchange_averages();
  /// With moving averages: they become the weights.
  void adopt_averages();

  /// Moments, averages and counters, for a checkpoint. Parameters are not in it: they are the networks'.
  std::map<std::string, Tensor> state() const;
  void set_state(const std::map<std::string, Tensor>& state);

 private:
  Tensor part(const Tensor& flat, std::size_t index) const;

  std::vector<NamedVariable> parameters_;
  std::vector<std::int64_t> offsets_;
  AdamDesc desc_;
  AdamState state_;
};

}  // namespace duhdr
