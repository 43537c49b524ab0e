// SPDX-License-Identifier: Apache-2.0
// Module: named parameters, named buffers and children. The name in the code is the name in the weight file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/variable.h"

namespace duhdr {

struct NamedVariable {
  std::string name;  // full: "dnet.stem.0.weight"
  Variable variable;
};

/// While one lives on this thread, new modules put their parameters there. On `meta` they take no memory until they
/// are loaded.
class ConstructOn {
 public:
  explicit ConstructOn(Device device);
  ~ConstructOn();
  ConstructOn(const ConstructOn&) = delete;
  ConstructOn& operator=(const ConstructOn&) = delete;

 private:
  Device before_;
};

class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  Module(const Module&) = delete;  // children and hooks hold addresses
  Module& operator=(const Module&) = delete;

  /// Trainable parameters, and buffers (running statistics, curves), of this module and its children, in the order
  /// of construction. `prefix` is put before every name.
  std::vector<NamedVariable> parameters(const std::string& prefix = {}) const;
  std::vector<NamedVariable> buffers(const std::string& prefix = {}) const;
  std::int64_t parameter_count() const;

  /// Fresh start values for every layer below: each depends on (seed, full name) alone.
  void initialise(std::uint64_t seed, const std::string& prefix);

  void to(Device device);
  void to(DType dtype);  // f32 or f64 (gradient checks of whole networks)

  /// Batch statistics (true) or running statistics (false) in BatchNorm; false is the start.
  void set_training(bool training);
  bool training() const { return training_; }

  /// Prepares for inference: BatchNorm is folded into convolutions, weights take the type they are used in.
  /// The module cannot be trained afterwards and its parameters no longer are those of the file.
  void freeze();
  bool frozen() const { return frozen_; }

  /// This module and all below, each with its full name; `name` is that of this one.
  void visit(const std::string& name, const std::function<void(const std::string& full_name, Module&)>& see);

  /// The type that the activations of this module have inside (models/precision.h decides): f32 (the start) or bf16.
  void set_activations(DType type) { activations_ = type; }

 protected:
  Variable parameter(const std::string& name, Shape shape);  // f32 leaf that needs a gradient, zero until initialised
  Variable buffer(const std::string& name, Tensor value);
  Variable constant(Tensor value);  // moves and converts with the module, is in no list and no file

  template <class M, class... Arguments>
  M& child(const std::string& name, Arguments&&... arguments) {
    auto module = std::make_unique<M>(std::forward<Arguments>(arguments)...);
    M& reference = *module;
    children_.emplace_back(name, std::move(module));
    return reference;
  }

  /// A direct child. Throws (internal) when there is none of this name.
  Module& child_named(std::string_view name);

  DType activations() const { return activations_; }
  virtual void reset(std::uint64_t /*seed*/, const std::string& /*full_name*/) {}  // this layer's own start values
  virtual void on_freeze() {}
  /// Work at the beginning of freeze(), in the order of the calls: the children still have their parameters as they
  /// were.
  void before_freeze(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }
  /// The type of the activations inside for this input: an f64 input stays f64.
  DType working_type(const Variable& input) const { return input.dtype() == DType::f64 ? DType::f64 : activations_; }

 private:
  friend class ConvBn;
  void convert(const std::function<Tensor(const Tensor&)>& conversion);
  void collect(const std::string& prefix, bool trainable, std::vector<NamedVariable>& out) const;

  std::vector<std::pair<std::string, Variable>> parameters_, buffers_;
  std::vector<Variable> constants_;
  std::vector<std::pair<std::string, std::unique_ptr<Module>>> children_;
  std::vector<std::function<void()>> hooks_;
  bool training_ = false, frozen_ = false;
  DType activations_ = DType::f32;
};

}  // namespace duhdr
