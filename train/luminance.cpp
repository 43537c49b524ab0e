// SPDX-License-Identifier: Apache-2.0
#include "train/luminance.h"

#include "kernels/conv/conv2d.h"

namespace duhdr {

Variable weights_like(const Variable& x, const Shape& shape, const std::vector<double>& values) {
  Tensor weight(shape, x.dtype(), x.device());
  for (std::int64_t i = 0; i < weight.numel(); ++i) {
    Tensor place = weight.range(i, Shape{1});
    fill(place, values[static_cast<std::size_t>(i)]);
  }
  return Variable(weight);
}

Variable luminance(const Variable& light) {
  return conv2d({.x = light, .weight = weights_like(light, {1, 3, 1, 1}, {0.213, 0.715, 0.072})});
}

}  // namespace duhdr
