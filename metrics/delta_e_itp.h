// SPDX-License-Identifier: Apache-2.0
// Delta E ITP: difference of colours in just noticeable steps (ITU-R BT.2124).
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// Mean over pixels of 720 sqrt(dI^2 + dT^2 + dP^2), T = Ct / 2, of ICtCp by PQ (BT.2100); 1 is just noticeable.
/// Pictures f32 [1, H, W, 3] of one shape on the CPU: linear Rec. 709 light in cd/m^2.
double delta_e_itp(const Tensor& estimate, const Tensor& truth);

}  // namespace duhdr
