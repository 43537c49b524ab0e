// SPDX-License-Identifier: Apache-2.0
// Do a photograph and an HDR image of one scene have the same exposure?
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace duhdr {

/// Median over pixels of the luminance of the linearised photograph by that of the HDR image; none when no pixel
/// counts. Those count whose three codes lie in 0.1..0.8 and whose light is above 0; of large pictures some 65536 are
/// looked at. The linearisation is sRGB's: a rough check, 1 within a factor of about two when 1.0 is the clip level of
/// `light`. Both are f32 [..., 3] of one shape on the CPU; codes in 0..1.
std::optional<double> exposure_ratio(const Tensor& photograph, const Tensor& light);

}  // namespace duhdr
