// SPDX-License-Identifier: Apache-2.0
// Which algorithm a layer gets on the CPU; conv_block() and conv_executed_flop() of backend.h follow from it.
#pragma once

#include "kernels/conv/backend.h"

namespace duhdr::cpu {

/// Winograd's algorithm suits a layer, whatever the size of the image.
bool suits_winograd(const ConvProblem& problem);
/// ... and its transposed convolution, by phases.
bool suits_transposed_winograd(const ConvProblem& problem);
/// The same with a kernel of 5x5 or 7x7 taps, cut into pieces.
bool suits_split_winograd(const ConvProblem& problem);

}  // namespace duhdr::cpu
