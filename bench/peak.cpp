// SPDX-License-Identifier: Apache-2.0
#include "bench/peak.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr::bench {
namespace {

constexpr int rounds = 8;
constexpr int chains = 12;  // independent sums: more than latency times issue width asks for

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

#if defined(__x86_64__)
#define DUHDR_KEEP_IN_REGISTER(vector) asm volatile("" : "+x"(vector))
#else
#define DUHDR_KEEP_IN_REGISTER(vector) asm volatile("" : "+w"(vector))
#endif

/// `steps` multiply-adds on each lane of each chain. Inlined into one function for each vector width.
template <class Vector>
[[gnu::always_inline]] inline float multiply_add(std::int64_t steps, float factor) {
  const Vector factors = Vector{} + factor, addends = Vector{} + (1 - factor);
  Vector sums[chains];
  for (Vector& sum : sums) sum = factors;
  for (std::int64_t step = 0; step < steps; ++step)
#pragma GCC unroll 12
    for (Vector& sum : sums) {
      sum = sum * factors + addends;
      DUHDR_KEEP_IN_REGISTER(sum);  // no step may be merged with the next
    }
  float total = 0;
  for (const Vector& sum : sums) total += sum[0];
  return total;
}

typedef float Vector4 __attribute__((vector_size(16)));
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));

struct Kernel {
  int lanes;
  float (*run)(std::int64_t steps, float factor);
};

#if defined(__x86_64__)
[[gnu::target("avx512f")]] float run_16(std::int64_t steps, float factor) {
  return multiply_add<Vector16>(steps, factor);
}
float run_8(std::int64_t steps, float factor) { return multiply_add<Vector8>(steps, factor); }
Kernel widest() { return __builtin_cpu_supports("avx512f") ? Kernel{16, run_16} : Kernel{8, run_8}; }
#else
float run_4(std::int64_t steps, float factor) { return multiply_add<Vector4>(steps, factor); }
Kernel widest() { return {4, run_4}; }
#endif

/// Seconds until every thread has done `work(index)`.
double timed_on_threads(int threads, const std::function<void(int)>& work) {
  const auto start = Clock::now();
  std::vector<std::thread> others;
  for (int index = 1; index < threads; ++index) others.emplace_back(work, index);
  work(0);
  for (std::thread& thread : others) thread.join();
  return seconds_since(start);
}

double cpu_flop(int threads) {
  const Kernel kernel = widest();
  constexpr std::int64_t steps = 10'000'000;
  std::vector<float> sink(static_cast<std::size_t>(threads));
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    const double seconds =
        timed_on_threads(threads, [&](int index) { sink[static_cast<std::size_t>(index)] = kernel.run(steps, 0.5f); });
    best = std::max(best, 2.0 * chains * kernel.lanes * static_cast<double>(steps) * threads / seconds);
  }
  return best;
}

double cpu_bytes(int threads) {
  constexpr std::size_t share = std::size_t{128} << 20;  // of each thread
  std::vector<std::vector<char>> from, to;
  for (int index = 0; index < threads; ++index) {
    from.emplace_back(share, 1);
    to.emplace_back(share, 2);
  }
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    const double seconds = timed_on_threads(threads, [&](int index) {
      const auto i = static_cast<std::size_t>(index);
      std::memcpy(to[i].data(), from[i].data(), share);
    });
    best = std::max(best, 2.0 * static_cast<double>(share) * threads / seconds);
  }
  return best;
}

double gpu_bytes(Device device) {
  const Tensor from = Tensor::zeros(Shape{std::int64_t{1} << 28}, DType::f32, device);
  Tensor to = Tensor::zeros(from.shape(), DType::f32, device);
  double best = 0;
  for (int round = 0; round < rounds; ++round) {
    synchronize(device);
    const auto start = Clock::now();
    copy(to, from);
    synchronize(device);
    best = std::max(best, 2.0 * static_cast<double>(from.bytes()) / seconds_since(start));
  }
  return best;
}

}  // namespace

Peak measure_peak(Device device) {
  if (device.is_cuda()) return {0, gpu_bytes(device)};
  return {cpu_flop(cpu_threads()), cpu_bytes(cpu_threads())};
}

}  // namespace duhdr::bench
