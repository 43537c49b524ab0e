// SPDX-License-Identifier: Apache-2.0
// Work shared out among the threads of the CPU: a pool of our own, the one way to run code in parallel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

namespace duhdr {

/// job(i) for i in [0, count), each once, in any order, on up to pool_threads() threads of which the caller's is one;
/// returns when all are done. A job is worth about 20 us at the least.
///
/// Jobs are handed out one by one, and the caller waits only for those that a thread has begun: beside other programs a
/// thread that gets no processor holds nobody up. From within a job it runs its jobs one after another; several
/// threads may call it at once. The first exception a job throws is thrown again here, and jobs not begun by then are
/// left out. Jobs may allocate tensors, which come from where the caller's do; other scopes of the caller's thread
/// (NoGrad, ExecutionScope) do not hold in them, so a job calls no operation.
void parallel_for(std::int64_t count, const std::function<void(std::int64_t)>& job);

/// Threads that parallel_for uses, its caller's among them (1 at least; at first usable_processors()). Those that are
/// missing are started; throws out_of_memory when they cannot be, and leaves the number as it was.
void set_pool_threads(int count);
int pool_threads();

/// Processors that this process may use.
int usable_processors();

/// f(begin, end) for ranges that make up [0, n), none shorter than `least` unless it is all: for loops whose single
/// turn is no job. Where the cuts are depends on the number of threads.
template <class F>
void parallel_range(std::int64_t n, std::int64_t least, const F& f) {
  constexpr std::int64_t ranges_per_thread = 4;  // what a thread that is held up leaves goes to the others
  const std::int64_t ranges = std::min(n / least, ranges_per_thread * pool_threads());
  if (ranges > 1)
    parallel_for(ranges, [&](std::int64_t i) { f(n * i / ranges, n * (i + 1) / ranges); });
  else if (n > 0)
    f(std::int64_t{0}, n);
}

}  // namespace duhdr
