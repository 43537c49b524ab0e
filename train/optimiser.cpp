// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.h"

namespace duhdr {
namespace {

constexpr std::int64_t alignment = 16;  // elements between the starts of two parameters

}  // namespace

Optimiser::Optimiser(std::vector<NamedVariable> parameters, const AdamDesc& desc)
    : parameters_(std::move(parameters)), desc_(desc) {
  DUHDR_CHECK(!parameters_.empty(), "nothing to optimise");
  std::int64_t length = 0;
  for (const NamedVariable& parameter : parameters_) {
    offsets_.push_back(length);
    length += (parameter.variable.value().numel() + alignment - 1) / alignment * alignment;
  }
  const Variable& first = parameters_.front().variable;
  state_ = AdamState::zeros(length, first.dtype(), first.device(), desc.ema_decay > 0);
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor view = part(state_.weights, i);
    copy(view, parameters_[i].variable.value());
    parameters_[i].variable.set_value(view);
  }
  if (state_.average.defined()) copy(state_.average, state_.weights);
}

Tensor Optimiser::part(const Tensor& flat, std::size_t index) const {
  return flat.range(offsets_[index], parameters_[index].variable.shape());
}

Optimiser::Result Optimiser::step(double learning_rate) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor gradient = part(state_.gradient, i);
    Variable& parameter = parameters_[i].variable;
    if (parameter.grad().defined())
      copy(gradient, parameter.grad());
    else
      fill(gradient, 0);
    parameter.zero_grad();
  }
  AdamDesc desc = desc_;
  desc.learning_rate = learning_rate;
  adam_step(state_, desc);
  if (state_.control.device().is_meta()) return {false, 0};
  const std::vector<double> control = state_.control.to_vector<double>();
  return {control[AdamControl::skipped] != 0, control[AdamControl::norm]};
}

void Optimiser::exchange_averages() {
  if (!state_.average.defined()) return;
  const Tensor weights = state_.weights.clone();
  copy(state_.weights, state_.average);
  copy(state_.average, weights);
}

void Optimiser::adopt_averages() {
  if (state_.average.defined()) copy(state_.weights, state_.average);
}

std::map<std::string, Tensor> Optimiser::state() const {
  std::map<std::string, Tensor> out{{"adam.first_moment", state_.first_moment},
                                    {"adam.second_moment", state_.second_moment},
                                    {"adam.control", state_.control}};
  if (state_.average.defined()) out["adam.average"] = state_.average;
  return out;
}

void Optimiser::set_state(const std::map<std::string, Tensor>& state) {
  for (auto& [name, mine] : this->state()) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.shape() != mine.shape() || found->second.dtype() != mine.dtype())
      throw Error(ExitCode::bad_weights,
                  message(name, found == state.end() ? ": missing" : ": wrong shape or type", " in the checkpoint"));
    Tensor destination = mine;  // shares storage
    copy(destination, found->second);
  }
}

}  // namespace duhdr
