// SPDX-License-Identifier: Apache-2.0
#include "layers/module.h"

namespace duhdr {
namespace {
std::string joined(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + '.' + name;
}
thread_local Device construction_device = Device::cpu();

}  // namespace

ConstructOn::ConstructOn(Device device) : before_(construction_device) { construction_device = device; }
ConstructOn::~ConstructOn() { construction_device = before_; }

Variable Module::parameter(const std::string& name, Shape shape) {
  parameters_.emplace_back(name, Variable(Tensor::zeros(shape, DType::f32, construction_device), true));
  return parameters_.back().second;
}

Variable Module::buffer(const std::string& name, Tensor value) {
  buffers_.emplace_back(name, Variable(std::move(value)));
  return buffers_.back().second;
}

Variable Module::constant(Tensor value) { return constants_.emplace_back(std::move(value)); }

void Module::collect(const std::string& prefix, bool trainable, std::vector<NamedVariable>& out) const {
  for (const auto& [name, variable] : trainable ? parameters_ : buffers_)
    out.push_back({joined(prefix, name), variable});
  for (const auto& [name, module] : children_) module->collect(joined(prefix, name), trainable, out);
}

std::vector<NamedVariable> Module::parameters(const std::string& prefix) const {
  std::vector<NamedVariable> out;
  collect(prefix, true, out);
  return out;
}

std::vector<NamedVariable> Module::buffers(const std::string& prefix) const {
  std::vector<NamedVariable> out;
  collect(prefix, false, out);
  return out;
}

std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const NamedVariable& parameter : parameters()) count += parameter.variable.value().numel();
  return count;
}

void Module::initialise(std::uint64_t seed, const std::string& prefix) {
  reset(seed, prefix);
  for (const auto& [name, module] : children_) module->initialise(seed, joined(prefix, name));
}

void Module::convert(const std::function<Tensor(const Tensor&)>& conversion) {
  for (auto* list : {&parameters_, &buffers_})
    for (auto& [name, variable] : *list) variable.set_value(conversion(variable.value()));
  for (Variable& variable : constants_) variable.set_value(conversion(variable.value()));
  for (const auto& [name, module] : children_) module->convert(conversion);
}

void Module::to(Device device) {
  convert([device](const Tensor& value) { return value.to(device); });
}

void Module::to(DType dtype) {
  DUHDR_CHECK(!frozen_, "a frozen module has the types it is used in");
  convert([dtype](const Tensor& value) { return value.to(dtype); });
}

void Module::set_training(bool training) {
  DUHDR_CHECK(!(training && frozen_), "a frozen module cannot be trained");
  training_ = training;
  for (const auto& [name, module] : children_) module->set_training(training);
}

void Module::visit(const std::string& name, const std::function<void(const std::string&, Module&)>& see) {
  see(name, *this);
  for (const auto& [child_name, module] : children_) module->visit(joined(name, child_name), see);
}

Module& Module::child_named(std::string_view name) {
  for (const auto& [child_name, module] : children_)
    if (child_name == name) return *module;
  throw Error(ExitCode::internal, message("no child ", name));
}

void Module::freeze() {
  if (frozen_) return;
  set_training(false);
  for (const auto& hook : hooks_) hook();
  for (const auto& [name, module] : children_) module->freeze();
  on_freeze();
  for (auto& [name, variable] : parameters_) variable.set_requires_grad(false);
  frozen_ = true;
}

}  // namespace duhdr
