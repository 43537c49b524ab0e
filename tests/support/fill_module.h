// SPDX-License-Identifier: Apache-2.0
// The weights of golden cases and benchmarks: every parameter and buffer by golden::fill_parameter under its full name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "layers/module.h"
#include "tests/golden/fill.h"

namespace duhdr::test {

inline void fill_module(Module& module, const std::string& prefix) {
  std::vector<NamedVariable> all = module.parameters(prefix);
  for (NamedVariable& buffer : module.buffers(prefix)) all.push_back(std::move(buffer));
  for (NamedVariable& named : all) {
    Tensor value(named.variable.shape(), DType::f32);
    std::vector<std::int64_t> shape;
    for (int axis = 0; axis < value.shape().rank(); ++axis) shape.push_back(value.shape()[axis]);
    golden::fill_parameter(named.name, shape, {value.mutable_data<float>(), static_cast<std::size_t>(value.numel())});
    named.variable.set_value(value);
  }
}

}  // namespace duhdr::test
