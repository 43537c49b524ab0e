// SPDX-License-Identifier: Apache-2.0
// In place of tensor/grid.cuh: the launch of a kernel on the fake GPU, which calls the functor when the work's turn has
// come.
#pragma once

#include <cstdint>
#include <type_traits>
#include <typeinfo>

#include "tensor/cuda_context.h"
#include "tests/fake_gpu/launch.h"

namespace duhdr::detail {

template <class F>
void launch_grid(Device device, std::int64_t n, const F& f) {
  static_assert(std::is_trivially_copyable_v<F> && sizeof(F) + sizeof n <= 4096, "what a kernel may be given");
  if (n == 0) return;
  F own = f;
#if defined(__GNUC__) && !defined(__clang__)
  __builtin_clear_padding(&own);  // may hold anything, also what looks like an address
#endif
  fake_gpu::launch_kernel(cuda::context_of(device).stream, typeid(F).name(), &own, sizeof own,
                          [own, n](bool backwards) {
                            for (std::int64_t i = 0; i < n; ++i) own(backwards ? n - 1 - i : i);
                          });
  DUHDR_CUDA(cudaGetLastError());
}

}  // namespace duhdr::detail
