// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/unet.h"

#include "kernels/resample.h"

namespace duhdr {

namespace {
const ConvOptions leaky{.activation = Activation::leaky_relu};
}

ConvPair::ConvPair(std::int64_t in, std::int64_t out, std::int64_t kernel)
    : first_(child<Conv2d>("0", in, out, kernel, leaky)), second_(child<Conv2d>("1", out, out, kernel, leaky)) {}

Variable ConvPair::operator()(const Variable& x) const { return second_(first_(x)); }

UpBlock::UpBlock(std::int64_t in, std::int64_t out)
    : first_(child<Conv2d>("0", in, out, 3, leaky)), second_(child<Conv2d>("1", 2 * out, out, 3, leaky)) {}

Variable UpBlock::operator()(const Variable& x, const Variable& skip) const {
  return second_(first_(upsample_bilinear2x(x)), skip);
}

}  // namespace duhdr
