// SPDX-License-Identifier: Apache-2.0
// Which pixels are clipped.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Codes from here on are clipped: JPEG and noise move what was 255 a little.
constexpr float clipped_code = 250.f / 255;

/// u8 [..., 1], 1 where the largest channel of a photograph's codes f32 [..., 3] in 0..1 is clipped.
Tensor clipped_codes(const Tensor& codes);

/// The same where the largest channel of linear light f32 [..., 3] is above `level`.
Tensor clipped_light(const Tensor& light, float level = 1);

}  // namespace duhdr
