// SPDX-License-Identifier: Apache-2.0
// The camera around the networks: padding to the size they need, and the last steps of the imaging process.
#pragma once

#include "autograd/variable.h"

namespace duhdr {

/// image [N, H, W, C] -> padded at the bottom and the right to multiples of `alignment` by reflection without repeating
/// the edge (folded back as often as needed; a side of 1 repeats its pixel). Content is never resampled.
Variable pad_to_multiple(const Variable& image, std::int64_t alignment);

/// The picture a camera with response `curve` [N, samples] takes of `truncated` (an image after C): Q(M(curve, image)),
/// Eq. 1-3.
Variable expose(const Variable& curve, const Variable& truncated);

}  // namespace duhdr
