// SPDX-License-Identifier: Apache-2.0
#include "train/flat_variables.h"

namespace duhdr {
namespace {

constexpr std::int64_t alignment = 16;  // elements

}  // namespace

FlatVariables::FlatVariables(std::vector<NamedVariable> variables) : variables_(std::move(variables)) {
  if (variables_.empty()) return;
  std::int64_t length = 0;
  for (const NamedVariable& named : variables_) {
    offsets_.push_back(length);
    length += (named.variable.value().numel() + alignment - 1) / alignment * alignment;
  }
  const Variable& first = variables_.front().variable;
  values_ = Tensor::zeros(Shape{length}, first.dtype(), first.device());
  for (std::size_t i = 0; i < variables_.size(); ++i) {
    DUHDR_CHECK(variables_[i].variable.dtype() == first.dtype(), variables_[i].name, " is of another type");
    Tensor view = part(values_, i);
    copy(view, variables_[i].variable.value());
    variables_[i].variable.set_value(view);
  }
}

Tensor FlatVariables::part(const Tensor& flat, std::size_t index) const {
  return flat.range(offsets_[index], variables_[index].variable.shape());
}

}  // namespace duhdr
