// SPDX-License-Identifier: Apache-2.0
// What an HDR display shows of a photograph where its light was reconstructed: the photograph, brighter.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/tensor.h"

namespace duhdr {

/// min(most, 1 + mask (max(1, light / linear) - 1)), [1, H, W, 3], or of the luminances, [1, H, W, 1]: exactly 1 where
/// the mask is 0, and nowhere below. light, linear [1, H, W, 3] and mask [1, H, W, 1] in [0, 1], f32 on the CPU, of one
/// exposure; most > 1, else internal.
Tensor display_gain(const Tensor& light, const Tensor& linear, const Tensor& mask, bool colour, double most);

/// Light of a display, not of the scene: linear, Rec. 709 primaries, 1.0 = its diffuse white.
struct DisplayLight {
  Tensor pixels;  // [1, H, W, 3] f32 on the CPU, finite, >= 0
};

/// The photograph's own light, decoded by the sRGB curve, times the gain. codes [1, H, W, 3] in [0, 1]; gain as
/// display_gain() makes it; f32 on the CPU.
DisplayLight display_light(const Tensor& codes, const Tensor& gain);

/// One gain a channel, [1, H, W, 3], in the primaries of the picture that a display multiplies it with: those of its
/// ICC profile, or Rec. 709 where it has none or cannot be used. Where the profile has tables instead of primaries, it
/// is one a pixel, [1, H, W, 1], which is the same in all primaries.
Tensor display_gain_in(std::span<const std::byte> profile, const Tensor& light, const Tensor& linear,
                       const Tensor& mask, double most);

}  // namespace duhdr
