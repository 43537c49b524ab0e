// SPDX-License-Identifier: Apache-2.0
// A 3x3 convolution over an image that is enlarged twofold by nearest neighbour: each of the four phases 2 py + px of
// the result's pixels is a 2x2 convolution over the image itself, 16 of 36 multiplications; zero padding included,
// exactly.
#pragma once

namespace duhdr {

/// Along one axis, results 2r + p read two pixels: for p = 0 r - 1 (tap 0) and r (taps 1 and 2), for p = 1 r (taps 0
/// and 1) and r + 1 (tap 2). Which of the two tap t falls on.
template <class Int>
constexpr Int phase_row(Int phase, Int tap) {
  return phase == 0 ? (tap > 0 ? 1 : 0) : (tap > 1 ? 1 : 0);
}

}  // namespace duhdr
