// SPDX-License-Identifier: Apache-2.0
#include "models/padding.h"

#include "kernels/layout.h"

namespace duhdr {

Variable pad_to_multiple(const Variable& image, std::int64_t alignment) {
  const auto missing = [&](std::int64_t side) { return (alignment - side % alignment) % alignment; };
  const std::int64_t bottom = missing(image.shape().h()), right = missing(image.shape().w());
  return bottom == 0 && right == 0 ? image : reflect_pad(image, bottom, right);
}

}  // namespace duhdr
