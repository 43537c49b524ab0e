// SPDX-License-Identifier: Apache-2.0
// Where an element of an [N, H, W, C] tensor lies. For functors: plain numbers, no Shape.
#pragma once

#include "base/hd.h"
#include "tensor/shape.h"

namespace duhdr {

struct Nhwc {
  std::int64_t h = 1, w = 1, c = 1;

  Nhwc() = default;
  explicit Nhwc(const Shape& shape) : h(shape.h()), w(shape.w()), c(shape.c()) {}
  DUHDR_HD std::int64_t at(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t channel) const {
    return ((image * h + y) * w + x) * c + channel;
  }
};

}  // namespace duhdr
