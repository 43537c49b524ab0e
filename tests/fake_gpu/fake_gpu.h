// SPDX-License-Identifier: Apache-2.0
// What a test can ask of the fake GPU: to fail, and what it has seen.
//
// A fault is what would be undefined on a real GPU: an address of the host or of freed memory given to a kernel, bytes
// written past the end of a block. Each is printed and breaks the device as an illegal address would (error 700, which
// stays); a program with faults that nobody has taken ends with failure.
#pragma once

#include <string>
#include <vector>

namespace duhdr::fake_gpu {

/// The k-th call from now on (1: the next one) of a function of the runtime, cuDNN or cuBLAS, or of "launch" of a
/// kernel, and the `calls` - 1 after it do nothing and answer `status` of its library. Replaces what was asked before
/// for this function.
void fail(const std::string& function, int k, int status, int calls = 1);
/// All functions work again.
void fail_nothing();

/// Calls of a function so far.
int calls(const std::string& function);

/// What was found since the last take, when all that is queued has been done; the device is whole again.
std::vector<std::string> take_faults();

/// Begins the order of things again, from this seed; at the start it is DUHDR_FAKE_GPU_SEED, or 1.
void set_seed(unsigned seed);

}  // namespace duhdr::fake_gpu
