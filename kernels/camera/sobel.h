// SPDX-License-Identifier: Apache-2.0
// Sobel derivatives of an RGB image: correlation with [-1 -2 -1; 0 0 0; 1 2 1] (dy: the row below minus the row above)
// and with its transpose (dx), unnormalised, reflection at the edges.
#pragma once

#include "autograd/variable.h"
#include "kernels/reflect.h"

namespace duhdr {

template <class T>
struct SobelPair {
  T dy, dx;
};

/// Both derivatives of one channel at pixel (y, x) of an h x w image; read(y, x) is the channel's value.
template <class T, class Read>
DUHDR_HD SobelPair<T> sobel_at(std::int64_t y, std::int64_t x, std::int64_t h, std::int64_t w, const Read& read) {
  const std::int64_t up = fold(y - 1, h), down = fold(y + 1, h), left = fold(x - 1, w), right = fold(x + 1, w);
  const T a = read(up, left), b = read(up, x), c = read(up, right);
  const T d = read(y, left), e = read(y, right);
  const T f = read(down, left), g = read(down, x), i = read(down, right);
  return {(f + T(2) * g + i) - (a + T(2) * b + c), (c + T(2) * e + i) - (a + T(2) * d + f)};
}

/// The adjoint of sobel_at: the gradient of the value at (y, x) from the gradients read(y, x) of the pairs. A pixel
/// that the reflection shows twice collects twice.
template <class T, class Read>
DUHDR_HD T sobel_adjoint_at(std::int64_t y, std::int64_t x, std::int64_t h, std::int64_t w, const Read& read) {
  T sum = 0;
  for (std::int64_t py = next_preimage(-1, y, h); py <= h; py = next_preimage(py + 1, y, h))
    for (std::int64_t px = next_preimage(-1, x, w); px <= w; px = next_preimage(px + 1, x, w))
      for (int i = -1; i <= 1; ++i)
        for (int j = -1; j <= 1; ++j) {
          if (py - i < 0 || py - i >= h || px - j < 0 || px - j >= w) continue;
          const SobelPair<T> gradient = read(py - i, px - j);
          sum += T(i * (j == 0 ? 2 : 1)) * gradient.dy + T(j * (i == 0 ? 2 : 1)) * gradient.dx;
        }
  return sum;
}

/// x [N, H, W, 3] -> [N, H, W, 6]: R dy, R dx, G dy, G dx, B dy, B dx. Any size, 1 x 1 included.
Variable sobel(const Variable& x);

}  // namespace duhdr
