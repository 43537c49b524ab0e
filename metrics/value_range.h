// SPDX-License-Identifier: Apache-2.0
// What values a picture holds.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Of all channel values together, in the picture's own unit.
struct ValueRange {
  double median = 0, p99 = 0, maximum = 0;  // p99: the 99th percentile
};

/// picture: f32 on any device, at least one value.
ValueRange value_range(const Tensor& picture);

}  // namespace duhdr
