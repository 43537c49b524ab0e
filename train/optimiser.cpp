// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.h"

namespace duhdr {

Optimiser::Optimiser(std::vector<NamedVariable> parameters, const AdamDesc& desc)
    : parameters_(std::move(parameters)), desc_(desc) {
  DUHDR_CHECK(parameters_.size() > 0, "nothing to optimise");
  state_ = AdamState::start(parameters_.values(), desc.ema_decay > 0);
}

void Optimiser::set_learning_rate(double rate) { fill(state_.learning_rate, rate); }

void Optimiser::begin() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].zero_grad();
  forget_derived();
}

void Optimiser::step(const Tensor& loss) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor gradient = parameters_.part(state_.gradient, i);
    if (parameters_[i].grad().defined())
      copy(gradient, parameters_[i].grad());
    else
      fill(gradient, 0);
    parameters_[i].zero_grad();
  }
  adam_step(state_, desc_, loss);
}

void Optimiser::undo_if_skipped(Tensor& values, const Tensor& before) const {
  duhdr::undo_if_skipped(state_, values, before);
}

Optimiser::Outcome Optimiser::outcome() const {
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
