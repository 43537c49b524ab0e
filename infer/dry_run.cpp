// SPDX-License-Identifier: Apache-2.0
#include "infer/dry_run.h"

#include "kernels/op_counter.h"
#include "tensor/allocator.h"

namespace duhdr {

Variable on_meta(const Blank& blank) { return Variable(Tensor(blank.shape, blank.dtype, Device::meta())); }

Need dry_run(const Pass& pass, const std::vector<Variable>& inputs) {
  const NoGrad dry;
  CachingAllocator& meta = allocator_of(Device::meta());
  meta.trim();
  meta.reset_peak();
  const OpCounter counter;
  std::vector<Variable> results = pass.run(inputs);
  return {counter.flop(), meta.stats().peak, std::move(results)};
}

Blanks blanks_of(const Chain& chain, const Shape& picture,
                 const std::function<void(const Pass& pass, const Need& need)>& see) {
  Blanks blanks{{chain.source, {picture, DType::f32}}};
  Values values{{chain.source, on_meta(blanks.at(chain.source))}};
  for (std::size_t p = 0; p < chain.passes.size(); ++p) {
    const Pass& pass = chain.passes[p];
    std::vector<Variable> inputs;
    for (const Pass::Input& input : pass.inputs) inputs.push_back(values.at(input.name));
    const std::set<std::string> later = read_from(chain, p + 1);
    std::erase_if(values, [&](const auto& entry) { return !later.contains(entry.first); });
    const Need need = dry_run(pass, inputs);
    see(pass, need);
    for (std::size_t i = 0; i < need.results.size(); ++i) {
      blanks[pass.outputs[i]] = {need.results[i].shape(), need.results[i].dtype()};
      values[pass.outputs[i]] = need.results[i];
    }
    std::erase_if(values, [&](const auto& entry) { return !later.contains(entry.first); });
  }
  return blanks;
}

}  // namespace duhdr
