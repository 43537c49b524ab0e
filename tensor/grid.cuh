// SPDX-License-Identifier: Apache-2.0
// The only launch of a kernel. The fake GPU of the tests has a file of this name in its place (tests/fake_gpu/include).
#pragma once

#include <cstdint>

#include "tensor/cuda_context.h"

namespace duhdr::detail {

constexpr unsigned threads_per_block = 256;

template <class F>
__global__ void __launch_bounds__(threads_per_block) run_grid(std::int64_t n, F f) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * threads_per_block + threadIdx.x;
  if (i < n) f(i);
}

/// f(i) for i in [0, n) on the stream of a GPU.
template <class F>
void launch_grid(Device device, std::int64_t n, const F& f) {
  if (n == 0) return;
  const std::int64_t blocks = (n + threads_per_block - 1) / threads_per_block;
  DUHDR_CHECK(blocks <= 0x7FFFFFFF, "grid of ", blocks, " blocks");
  run_grid<<<static_cast<unsigned>(blocks), threads_per_block, 0, cuda::context_of(device).stream>>>(n, f);
  DUHDR_CUDA(cudaGetLastError());
}

}  // namespace duhdr::detail
