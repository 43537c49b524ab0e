// SPDX-License-Identifier: Apache-2.0
// CRF correction: takes from an estimate what a smooth curve of luminance and of colour explains, so that what is left
// is what the eye minds (Hanji et al., "Comparison of single image HDR reconstruction methods - the caveats of quality
// assessment", 2022).
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// The estimate with its luminance through the cubic, in PQ units, that is nearest to the truth's, and its u' v'
/// through the polynomial of degree three that is, held near the identity by a ridge of 0.01. Pictures f32 [1, H, W, 3]
/// of one shape on the CPU, linear Rec. 709 light in cd/m^2; below 0.005 counts as that. Results are >= 0.
Tensor crf_corrected(const Tensor& estimate, const Tensor& truth);

}  // namespace duhdr
