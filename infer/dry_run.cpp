// SPDX-License-Identifier: Apache-2.0
#include "infer/dry_run.h"

#include <algorithm>

#include "kernels/op_counter.h"
#include "tensor/allocator.h"

namespace duhdr {

Variable on_meta(const Blank& blank) { return Variable(Tensor(blank.shape, blank.dtype, Device::meta())); }

Need dry_run(const Pass& pass, const std::function<std::vector<Variable>()>& inputs) {
  const NoGrad dry;
  CachingAllocator& meta = allocator_of(Device::meta());
  const std::vector<Variable> given = inputs();
  meta.trim();
  meta.reset_peak();
  const OpCounter counter;
  const Variable result = pass.run(given);
  return {counter.flop(), meta.stats().peak, {result.shape(), result.dtype()}};
}

Blanks blanks_of(const Chain& chain, const Shape& picture,
                 const std::function<void(const Pass& pass, const Need& need)>& see) {
  Blanks blanks{{chain.source, {picture, DType::f32}}};
  const auto look = [&](const Pass& pass) {
    const Need need = dry_run(pass, [&] {
      std::vector<Variable> inputs;  // those of one shape share a tensor
      for (const Pass::Input& input : pass.inputs) {
        const Blank& blank = blanks.at(input.name);
        const auto same = std::find_if(inputs.begin(), inputs.end(), [&](const Variable& v) {
          return v.shape() == blank.shape && v.dtype() == blank.dtype;
        });
        inputs.push_back(same == inputs.end() ? on_meta(blank) : *same);
      }
      return inputs;
    });
    see(pass, need);
    blanks[pass.output] = need.result;
  };
  for (const Pass& pass : chain.passes) {
    look(pass);
    for (const Pass& part : pass.parts) look(part);
  }
  return blanks;
}

}  // namespace duhdr
