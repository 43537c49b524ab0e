// SPDX-License-Identifier: Apache-2.0
#include "metrics/clipped_mask.h"

#include <algorithm>

namespace duhdr {
namespace {

template <class Test>
Tensor where_largest(const Tensor& picture, const Test& test) {
  const int last = picture.shape().rank() - 1;
  DUHDR_CHECK(last >= 0 && picture.shape()[last] == 3, "clipped pixels of ", picture.shape());
  Tensor mask(picture.shape().with(last, 1), DType::u8);
  const float* value = picture.data<float>();
  std::uint8_t* out = mask.mutable_data<std::uint8_t>();
  for (std::int64_t i = 0; i < mask.numel(); ++i, value += 3)
    out[i] = test(std::max({value[0], value[1], value[2]})) ? 1 : 0;
  return mask;
}

}  // namespace

Tensor clipped_codes(const Tensor& codes) {
  return where_largest(codes, [](float code) { return code >= clipped_code; });
}

Tensor clipped_light(const Tensor& light, float level) {
  return where_largest(light, [level](float value) { return value > level; });
}

}  // namespace duhdr
