// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/ms_se.h"

#include "kernels/arithmetic.h"
#include "kernels/layout.h"
#include "kernels/pool.h"
#include "kernels/resample.h"

namespace duhdr {
namespace {
const ConvOptions plain{.activation = Activation::relu};
const ConvOptions strided{.stride = 2, .activation = Activation::relu};
const ConvOptions depthwise{.depthwise = true, .activation = Activation::relu};
}  // namespace

CuBlock::CuBlock(std::int64_t channels)
    : dw3_(child<Conv2d>("dw3", channels, channels, 3, depthwise)),
      dw5_(child<Conv2d>("dw5", channels, channels, 5, depthwise)),
      dw7_(child<Conv2d>("dw7", channels, channels, 7, depthwise)),
      squeeze_(child<Linear>("se.0", channels, channels / 2, false, Activation::relu)),
      excite_(child<Linear>("se.1", channels / 2, channels, false, Activation::sigmoid)),
      project_(child<Conv2d>("project", channels, channels, 1, plain)) {}

Variable CuBlock::operator()(const Variable& x) const {
  const Variable scales = add(add(dw3_(x), dw5_(x)), dw7_(x));
  const std::int64_t n = x.shape().n(), c = x.shape().c();
  const Variable weights = reshape(excite_(squeeze_(global_avg_pool(scales))), Shape{n, 1, 1, c});
  return add(project_(mul(scales, cast(weights, x.dtype()))), x);
}

MsSe::MsSe(std::int64_t channels)
    : entry_(child<Conv2d>("entry", channels, channels, 5, plain)),
      reduce_(child<Conv2d>("reduce", channels, 2 * channels, 5, strided)),
      mix_(child<Conv2d>("mix", 2 * channels, 2 * channels, 1, plain)),
      cu0_(child<CuBlock>("cu0", 2 * channels)),
      cu1_(child<CuBlock>("cu1", 2 * channels)),
      cu2_(child<CuBlock>("cu2", 2 * channels)),
      out_(child<Conv2d>("out", channels + channels / 2, channels, 1, plain)) {}

Variable MsSe::operator()(const Variable& x) const {
  const Variable entered = entry_(x);
  const Variable small = cu2_(cu1_(cu0_(mix_(reduce_(entered)))));
  return out_(entered, pixel_shuffle(small));
}

}  // namespace duhdr
