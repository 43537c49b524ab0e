// SPDX-License-Identifier: Apache-2.0
// Weights between a module and a safetensors file, by name.
#pragma once

#include <map>
#include <string>

#include "layers/module.h"
#include "tensor/safetensors.h"

namespace duhdr {

/// Parameters and buffers of `module` as f32 tensors on the CPU, under their full names.
std::map<std::string, Tensor> weights_of(const Module& module, const std::string& prefix);

/// The same tensors with the weights of convolutions (those with four axes) in f16. Curves, linear layers, BatchNorm
/// and biases keep their type: they are few, and what they multiply is not. A value that f16 rounds to infinity (from
/// 65520) throws bad_weights and names its tensor.
std::map<std::string, Tensor> with_half_convolutions(std::map<std::string, Tensor> tensors);

/// Sets every parameter and buffer of `module` from the tensor of its full name. F32, F16 and BF16 become f32.
/// `num_batches_tracked` is ignored. A missing, extra or wrongly shaped tensor throws bad_weights: the first one is
/// named, with what was expected and found.
void set_weights(Module& module, const std::string& prefix, const TensorFile& file, const std::string& shown_name);

}  // namespace duhdr
