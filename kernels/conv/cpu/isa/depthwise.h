// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution: a filter for each channel, vectors along the channels.
#pragma once

#include "kernels/conv/cpu/isa/simd.h"

namespace duhdr::cpu {
namespace {

void depthwise(const DepthwiseConv& conv, Index first, Index count) {
  const Source& source = conv.source;
  const Target& target = conv.target;
  with_fused(target.activation, [&](auto fuse) {
    for (Index row = first; row < first + count; ++row)
      for (Index ox = 0; ox < conv.ow; ++ox)
        for (Index c = 0; c < source.channels; c += lanes) {
          const Index n = row / conv.oh, oy = row % conv.oh, left = source.channels - c;
          const float* from = source.data + n * source.image + c;
          Vec sum = zero();
          for (Index ky = 0; ky < conv.kh; ++ky) {
            const Index y = oy * conv.stride + ky * conv.dilation - conv.top;
            if (y < 0 || y >= conv.h) continue;
            for (Index kx = 0; kx < conv.kw; ++kx) {
              const Index x = ox * conv.stride + kx * conv.dilation - conv.left;
              if (x < 0 || x >= conv.w) continue;
              sum = fma(load_some(from + y * source.row + x * source.pixel, left),
                        load_some(conv.weight + (ky * conv.kw + kx) * source.channels + c, left), sum);
            }
          }
          if (target.bias) sum = sum + load_some(target.bias + c, left);
          const Index at = n * target.image + oy * target.row + ox * target.pixel + c;
          if (target.residual) sum = sum + load_some(target.residual + at, left);
          store_some(target.data + at, fused<decltype(fuse)::value>(sum), left);
        }
  });
}

}  // namespace
}  // namespace duhdr::cpu
