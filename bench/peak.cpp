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
constexpr int chains = 12;  // independent sums in multiply_add

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

#if defined(__x86_64__)
#define DUHDR_IN_REGISTER(vector) "+x"(vector)
#else
#define DUHDR_IN_REGISTER(vector) "+w"(vector)
#endif

/// `steps` multiply-adds on each lane of twelve independent sums: more than latency times issue width asks for, and few
/// enough to stay in registers. Inlined into one function for each vector width.
template <class Vector>
[[gnu::always_inline]] inline float multiply_add(std::int64_t steps, float factor) {
  const Vector f = Vector{} + factor, a = Vector{} + (1 - factor);
  Vector s0 = f, s1 = f, s2 = f, s3 = f, s4 = f, s5 = f, s6 = f, s7 = f, s8 = f, s9 = f, s10 = f, s11 = f;
  for (std::int64_t step = 0; step < steps; ++step) {
    s0 = s0 * f + a, s1 = s1 * f + a, s2 = s2 * f + a, s3 = s3 * f + a;
    s4 = s4 * f + a, s5 = s5 * f + a, s6 = s6 * f + a, s7 = s7 * f + a;
    s8 = s8 * f + a, s9 = s9 * f + a, s10 = s10 * f + a, s11 = s11 * f + a;
    asm volatile(""  // the twelve sums start equal: without this they would become one
                 : DUHDR_IN_REGISTER(s0), DUHDR_IN_REGISTER(s1), DUHDR_IN_REGISTER(s2), DUHDR_IN_REGISTER(s3),
                   DUHDR_IN_REGISTER(s4), DUHDR_IN_REGISTER(s5), DUHDR_IN_REGISTER(s6), DUHDR_IN_REGISTER(s7),
                   DUHDR_IN_REGISTER(s8), DUHDR_IN_REGISTER(s9), DUHDR_IN_REGISTER(s10), DUHDR_IN_REGISTER(s11));
  }
  const Vector sum = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
  return sum[0];
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
