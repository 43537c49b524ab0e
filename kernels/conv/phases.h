// SPDX-License-Identifier: Apache-2.0
// Enlarging twofold and convolving as one step: each of the four phases 2 py + px of the result's pixels is a 2x2
// convolution over the small image; zero padding included, exactly. Along one axis, results 2r + p read two pixels: for
// p = 0 r - 1 and r, for p = 1 r and r + 1.
#pragma once

namespace duhdr {

/// A 3x3 convolution over an image that is enlarged by nearest neighbour, 16 of 36 multiplications: for p = 0 tap 0
/// falls on r - 1, taps 1 and 2 on r; for p = 1 taps 0 and 1 on r, tap 2 on r + 1. Which of the two tap t falls on.
template <class Int>
constexpr Int phase_row(Int phase, Int tap) {
  return phase == 0 ? (tap > 0 ? 1 : 0) : (tap > 1 ? 1 : 0);
}

/// A transposed 4x4 convolution of stride 2 and padding 1: the tap that pixel r - 1 + i is multiplied by; outside 0..3:
/// none.
constexpr int transposed_tap(int phase, int i) { return 3 + phase - 2 * i; }

}  // namespace duhdr
