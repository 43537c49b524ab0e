// SPDX-License-Identifier: Apache-2.0
// Light sources of an image by median cut (Debevec: "A median cut algorithm for light probe sampling", 2005).
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

struct LightSource {
  std::int64_t x = 0, y = 0;  // the pixel at the centroid of a region
  double power = 0;           // the sum of the luminance in it
};

/// Halves the image `cuts` times, each region across its longer side into two of about equal sums of luminance; one of
/// 3 pixels or less on a side stays whole. Regions without light give no source. luminance: a plane.
std::vector<LightSource> median_cut(const Tensor& luminance, int cuts);

}  // namespace duhdr
