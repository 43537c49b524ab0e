// SPDX-License-Identifier: Apache-2.0
// How much of a picture is blown out.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Share (0..1) of the pixels with a channel that is at `level` or above, and above 0. picture: f32 [..., 3] on the
/// CPU, at least one pixel.
double clipped_share(const Tensor& picture, double level);

/// Twice the mean of all channel values: where the virtual camera clips an HDR image at 0 EV, since it sets the mean to
/// half the clip level. The same kind of picture.
double clip_level_at_0_ev(const Tensor& light);

}  // namespace duhdr
