// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/camera.h"

#include "kernels/camera/curve.h"
#include "kernels/layout.h"
#include "kernels/pointwise.h"

namespace duhdr {

Variable pad_to_multiple(const Variable& image, std::int64_t alignment) {
  const auto missing = [&](std::int64_t side) { return (alignment - side % alignment) % alignment; };
  const std::int64_t bottom = missing(image.shape().h()), right = missing(image.shape().w());
  return bottom == 0 && right == 0 ? image : reflect_pad(image, bottom, right);
}

Variable expose(const Variable& curve, const Variable& truncated) { return quantise(apply_curve(curve, truncated)); }

}  // namespace duhdr
