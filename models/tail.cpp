// SPDX-License-Identifier: Apache-2.0
#include "models/tail.h"

namespace duhdr {

Tail collapsed(const Conv2d::Map& fuse, const Conv2d::Map& out) {
  const std::int64_t channels = fuse.weight.shape()[0], outputs = out.weight.shape()[0];
  const auto half = [&](std::int64_t first) {
    Conv2d::Map map{Tensor::zeros(Shape{outputs, channels, 1, 1}, DType::f64),
                    Tensor::zeros(Shape{outputs}, DType::f64)};
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t i = 0; i < channels; ++i)
        for (std::int64_t c = 0; c < channels; ++c)
          map.weight.mutable_data<double>()[o * channels + i] +=
              out.weight.data<double>()[o * channels + c] * fuse.weight.data<double>()[c * 2 * channels + first + i];
    return map;
  };
  Tail tail{half(0), half(channels)};
  for (std::int64_t o = 0; o < outputs; ++o) {
    double& bias = tail.up.bias.mutable_data<double>()[o];
    bias = out.bias.data<double>()[o];
    for (std::int64_t c = 0; c < channels; ++c)
      bias += out.weight.data<double>()[o * channels + c] * fuse.bias.data<double>()[c];
  }
  return tail;
}

}  // namespace duhdr
