// SPDX-License-Identifier: Apache-2.0
// The last two layers of VGG autoencoders, rewritten for inference.
#pragma once

#include "layers/conv2d.h"

namespace duhdr {

/// out(fuse([up, skip])), two 1x1 convolutions with nothing between them, as the sum of one over each source; the bias
/// is in that of `up`. Its sum over the skip can be taken where the skip is made: `out`'s few channels are kept then.
struct Tail {
  Conv2d::Map up, skip;
};
/// fuse: 2C -> C channels, out: C -> O.
Tail collapsed(const Conv2d::Map& fuse, const Conv2d::Map& out);

}  // namespace duhdr
