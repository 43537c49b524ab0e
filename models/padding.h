// SPDX-License-Identifier: Apache-2.0
// Padding of whole pictures to the sizes that networks can halve again and again.
#pragma once

#include "autograd/variable.h"

namespace duhdr {

/// image [N, H, W, C] -> padded at the bottom and the right to multiples of `alignment` by reflection without repeating
/// the edge (folded back as often as needed; a side of 1 repeats its pixel). Content is never resampled.
Variable pad_to_multiple(const Variable& image, std::int64_t alignment);

}  // namespace duhdr
