// SPDX-License-Identifier: Apache-2.0
// Highlights: how much light a reconstruction puts into clipped pixels, and whether it puts it where it belongs.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace duhdr {

struct Highlights {
  /// log2 of the estimate's luminance sum by the true one, in stops: 0 is right, 1 is twice the light.
  double energy = 0;
  /// Standard deviation of log10(estimated by true luminance) over the pixels, in decades: 0 is right up to a constant
  /// gain, which changes nothing.
  double structure = 0;
};

/// Over the pixels where `clipped` (u8 [1, H, W, 1]) is not 0; none without any. Pictures f32 [1, H, W, 3] on the CPU,
/// linear light. Luminances (Rec. 709) are summed in double; in `structure` one below 1e-5 of its picture's mean over
/// these pixels counts as that, so that a gain changes nothing there either; a picture that is black there as 1e-30.
std::optional<Highlights> highlights(const Tensor& estimate, const Tensor& truth, const Tensor& clipped);

}  // namespace duhdr
