// SPDX-License-Identifier: Apache-2.0
// FlatVariables: the values of many variables in one buffer, so that one launch reaches all of them.
#pragma once

#include <vector>

#include "layers/module.h"

namespace duhdr {

class FlatVariables {
 public:
  /// Moves the values of `variables` (one type, one device) into a flat buffer; the variables become views of it, each
  /// at a multiple of 16 elements, with zeros between.
  explicit FlatVariables(std::vector<NamedVariable> variables);

  std::size_t size() const { return variables_.size(); }
  Variable& operator[](std::size_t index) { return variables_[index].variable; }
  const Tensor& values() const { return values_; }  // [n]; undefined when there are no variables

  /// The elements of a variable in another buffer of the same layout.
  Tensor part(const Tensor& flat, std::size_t index) const;

 private:
  std::vector<NamedVariable> variables_;
  std::vector<std::int64_t> offsets_;
  Tensor values_;
};

}  // namespace duhdr
