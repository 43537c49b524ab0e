// SPDX-License-Identifier: Apache-2.0
// How a kernel gets to the fake GPU.
#pragma once

#include <cuda_runtime.h>

#include <functional>

namespace duhdr::fake_gpu {

/// A kernel on its way: searches its parameters for addresses that it must not have. `grid` calls it for every element,
/// forwards or backwards: the order must not matter. cudaGetLastError() tells how it went.
void launch_kernel(cudaStream_t stream, const char* name, const void* parameters, std::size_t bytes,
                   std::function<void(bool backwards)> grid);

}  // namespace duhdr::fake_gpu
