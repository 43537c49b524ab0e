// SPDX-License-Identifier: Apache-2.0
// What passes will take at a picture's size: they run on tensors that have no memory.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/chain.h"

namespace duhdr {

/// A tensor that is not there yet.
struct Blank {
  Shape shape;
  DType dtype = DType::f32;
};
using Blanks = std::map<std::string, Blank, std::less<>>;

Variable on_meta(const Blank& blank);

struct Need {
  double flop = 0;        // 2 per multiply-add of convolutions and linear layers
  std::size_t bytes = 0;  // largest sum of living tensors on Device::meta()
  std::vector<Variable> results;
};
/// `inputs` on Device::meta().
Need dry_run(const Pass& pass, const std::vector<Variable>& inputs);

/// The values of a chain for a picture whose sides are multiples of its alignment. `see` is told what each pass takes
/// when all run whole, one after the other: values that later passes read are living tensors, too.
Blanks blanks_of(const Chain& chain, const Shape& picture,
                 const std::function<void(const Pass& pass, const Need& need)>& see);

}  // namespace duhdr
