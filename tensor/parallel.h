// SPDX-License-Identifier: Apache-2.0
// Work shared out among the threads of the CPU.
#pragma once

#include <cstdint>
#include <functional>

namespace duhdr {

/// job(i) for i in [0, count), each once, in any order, on up to cpu_threads() threads of which the caller's is one;
/// returns when all are done. A job is worth about 20 us at the least. Jobs may allocate tensors. From within a job it
/// runs its jobs one after another. The first exception a job throws is thrown again here.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& job);

}  // namespace duhdr
