// SPDX-License-Identifier: Apache-2.0
// Variable: a value that remembers how it was made. Autograd knows no op: an op hands in its result, its inputs
// and a closure for the way back. Gradients accumulate; zero_grad() starts a new step.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

/// Gradients of the inputs from the gradient of the output. `wants[i]` says whether input i needs one; an
/// undefined tensor stands for "none". A returned tensor has the shape and type of its input.
using Backward = std::function<std::vector<Tensor>(const Tensor& output_gradient, const std::vector<bool>& wants)>;

class Variable {
 public:
  Variable() = default;  // undefined: "absent" where an op allows it
  explicit Variable(Tensor value, bool requires_grad = false);

  /// The result of an op. Inputs and closure are kept only when some input needs a gradient and no NoGrad lives.
  static Variable of_op(Tensor value, std::vector<Variable> inputs, Backward backward);

  bool defined() const { return node_ != nullptr; }
  const Tensor& value() const;
  void set_value(Tensor value);  // of a leaf: same shape
  const Tensor& grad() const;    // undefined until backward() reached this leaf
  void zero_grad();
  bool requires_grad() const;
  void set_requires_grad(bool requires_grad);  // of a leaf
  Variable detach() const;                     // the same value, without history

  const Shape& shape() const { return value().shape(); }
  DType dtype() const { return value().dtype(); }
  Device device() const { return value().device(); }
  const void* id() const { return node_.get(); }  // the same for copies; null when undefined

  /// Adds d(this)/d(leaf) to the gradient of every leaf that needs one; `seed` defaults to 1 for a one-element
  /// value. The history is released on the way: backward() runs once.
  void backward(Tensor seed = {}) const;

 private:
  struct Node;
  std::shared_ptr<Node> node_;
};

/// While one lives on this thread, it is told of every op. The innermost one is.
class OpObserver {
 public:
  OpObserver();
  virtual ~OpObserver();
  OpObserver(const OpObserver&) = delete;
  OpObserver& operator=(const OpObserver&) = delete;
  virtual void on_op(const Variable& output, const std::vector<Variable>& inputs) = 0;

 private:
  OpObserver* outer_;
};

/// While one lives on this thread, ops keep no history.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;
  static bool active();

 private:
  bool before_;
};

}  // namespace duhdr
