// SPDX-License-Identifier: Apache-2.0
// What oneDNN must not be asked.
#pragma once

#include <string_view>

#include "kernels/conv/backend.h"

namespace duhdr {

/// Whether oneDNN may use AVX-512: the processor has it, and DNNL_MAX_CPU_ISA does not take it away.
bool has_avx512();

/// Without AVX-512: false where backward_weight must not be called: oneDNN would write past its own memory.
bool backward_weight_is_safe(const ConvProblem& problem);

/// Throws out_of_memory where a plan could not be made: oneDNN would crash where it gets no memory for its code.
void require_room_for_plan();

/// Whether a pixel may get other bits in an image of another size, although its sum is short.
bool depends_on_size(const ConvProblem& problem);

/// Whether an implementation (its name as DNNL_VERBOSE=1 prints it) adds in another order for another number of
/// threads (without AVX-512 some do). It then runs on one.
bool depends_on_threads(std::string_view implementation);

}  // namespace duhdr
