// SPDX-License-Identifier: Apache-2.0
#include "models/weight_file.h"

#include <cmath>
#include <set>
#include <vector>

namespace duhdr {
namespace {

std::vector<NamedVariable> all_of(const Module& module, const std::string& prefix) {
  std::vector<NamedVariable> all = module.parameters(prefix);
  for (NamedVariable& buffer : module.buffers(prefix)) all.push_back(std::move(buffer));
  return all;
}

[[noreturn]] void refuse(const std::string& shown_name, const std::string& reason) {
  throw Error(ExitCode::bad_weights, shown_name + ": " + reason);
}

}  // namespace

std::map<std::string, Tensor> weights_of(const Module& module, const std::string& prefix) {
  std::map<std::string, Tensor> tensors;
  for (const NamedVariable& named : all_of(module, prefix))
    tensors.emplace(named.name, named.variable.value().to(Device::cpu()).to(DType::f32));
  return tensors;
}

std::map<std::string, Tensor> with_half_convolutions(std::map<std::string, Tensor> tensors) {
  for (auto& [name, tensor] : tensors) {
    if (tensor.shape().rank() != 4) continue;
    const std::vector<float> values = tensor.to_vector<float>();
    const Tensor half = tensor.to(DType::f16);
    const std::vector<float> rounded = half.to(DType::f32).to_vector<float>();
    for (std::size_t i = 0; i < rounded.size(); ++i)
      if (!std::isfinite(rounded[i]))
        throw Error(ExitCode::bad_weights, message("tensor ", name, ": element ", i, " does not fit 16 bits (",
                                                   values[i], ", at most 65504)"));
    tensor = half;
  }
  return tensors;
}

void set_weights(Module& module, const std::string& prefix, const TensorFile& file, const std::string& shown_name) {
  std::set<std::string> known;
  for (NamedVariable& named : all_of(module, prefix)) {
    const auto found = file.tensors.find(named.name);
    if (found == file.tensors.end()) refuse(shown_name, "tensor " + named.name + " is missing");
    const Tensor& tensor = found->second;
    if (tensor.shape() != named.variable.shape())
      refuse(shown_name,
             message("tensor ", named.name, " has shape ", tensor.shape(), ", expected ", named.variable.shape()));
    if (tensor.dtype() != DType::f32 && tensor.dtype() != DType::f16 && tensor.dtype() != DType::bf16)
      refuse(shown_name,
             message("tensor ", named.name, " has type ", name_of(tensor.dtype()), ", expected F32, F16 or BF16"));
    named.variable.set_value(tensor.to(DType::f32));
    known.insert(named.name);
  }
  for (const auto& [name, tensor] : file.tensors)
    if (!known.contains(name) && !name.ends_with(".num_batches_tracked"))
      refuse(shown_name, "tensor " + escaped(name) + " does not belong to this network");
}

}  // namespace duhdr
