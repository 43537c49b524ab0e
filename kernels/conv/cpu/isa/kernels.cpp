// SPDX-License-Identifier: Apache-2.0
// The table of one instruction set: DUHDR_ISA names it, compiler flags choose it (cmake/DuhdrLibraries.cmake).
#include "kernels/conv/cpu/isa/depthwise.h"
#include "kernels/conv/cpu/isa/direct.h"
#include "kernels/conv/cpu/isa/hats.h"
#include "kernels/conv/cpu/isa/winograd.h"
#include "kernels/conv/cpu/isa/winograd_split.h"

namespace duhdr::cpu {

extern const ConvKernels DUHDR_ISA;
const ConvKernels DUHDR_ISA{isa_name,
                            lanes,
                            direct_rows,
                            winograd_weights,
                            winograd_input,
                            winograd_product,
                            winograd_output,
                            winograd_gradient,
                            winograd_taps,
                            split_weights,
                            split_input,
                            split_product,
                            split_output,
                            direct,
                            outer_product,
                            depthwise,
                            hats,
                            hat_gradient};

}  // namespace duhdr::cpu
