// SPDX-License-Identifier: Apache-2.0
// What VGG16 of the Caffe family expects: 255 x, channels blue-green-red, the ImageNet mean subtracted.
#pragma once

#include <cstdint>

#include "autograd/variable.h"
#include "base/hd.h"

namespace duhdr {

struct VggScaling {
  /// The value of output channel c (0 = blue) from the input channel source(c).
  template <class T>
  DUHDR_HD T operator()(T x, std::int64_t c) const {
    return T(255) * x - (c == 0 ? T(103.939) : c == 1 ? T(116.779) : T(123.68));
  }
  DUHDR_HD std::int64_t source(std::int64_t c) const { return 2 - c; }
};

/// x [N, H, W, 3], RGB in [0, 1] -> [N, H, W, 3], BGR.
Variable vgg_input(const Variable& x);

}  // namespace duhdr
