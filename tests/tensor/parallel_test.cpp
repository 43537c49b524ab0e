// SPDX-License-Identifier: Apache-2.0
// Work on threads: every job once, whoever calls, however many threads there are, and whatever a job throws.
#include "tensor/parallel.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tensor/allocator.h"
#include "tensor/tensor.h"

namespace duhdr {
namespace {

using namespace std::chrono_literals;

/// Every test with one, two, and more threads than this machine is likely to have processors.
class Parallel : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { set_pool_threads(GetParam()); }
  void TearDown() override { set_pool_threads(usable_processors()); }
};

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Values(1, 2, 9), testing::PrintToStringParamName());

/// How often each job of a parallel_for has run.
std::vector<int> runs_of(std::int64_t count) {
  std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
  parallel_for(count, [&](std::int64_t i) { ++runs.at(static_cast<std::size_t>(i)); });
  return {runs.begin(), runs.end()};
}

TEST_P(Parallel, EveryJobRunsOnce) {
  for (const std::int64_t count : {0, 1, 2, 3, 8, 1000})
    EXPECT_EQ(runs_of(count), std::vector<int>(static_cast<std::size_t>(count), 1)) << count;
  for (int repeat = 0; repeat < 5000; ++repeat) ASSERT_EQ(runs_of(5), std::vector<int>(5, 1)) << repeat;
}

TEST_P(Parallel, WhatJobsWroteIsThereAfterwards) {
  std::vector<std::int64_t> values(64);  // not atomic: the call itself is what orders them
  for (std::int64_t repeat = 0; repeat < 2000; ++repeat) {
    parallel_for(64, [&](std::int64_t i) { values[static_cast<std::size_t>(i)] += i; });
    ASSERT_EQ(std::accumulate(values.begin(), values.end(), std::int64_t{0}), (repeat + 1) * 63 * 32);
  }
}

TEST_P(Parallel, UsesAsManyThreadsAsItMay) {
  EXPECT_EQ(pool_threads(), GetParam());
  std::mutex mutex;
  std::condition_variable all_here;
  std::set<std::thread::id> threads;
  const auto count = static_cast<std::size_t>(GetParam());
  parallel_for(GetParam(), [&](std::int64_t) {  // each waits for the others, so no thread gets two
    std::unique_lock lock(mutex);
    threads.insert(std::this_thread::get_id());
    all_here.notify_all();
    all_here.wait_for(lock, 60s, [&] { return threads.size() == count; });
  });
  EXPECT_EQ(threads.size(), count);
  EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
}

TEST_P(Parallel, JobsWithinJobsRun) {
  std::atomic<std::int64_t> sum = 0;
  parallel_for(20, [&](std::int64_t i) {
    const std::thread::id outer = std::this_thread::get_id();
    parallel_for(30, [&](std::int64_t k) {
      EXPECT_EQ(std::this_thread::get_id(), outer);
      sum += i * k;
    });
  });
  EXPECT_EQ(sum, 190 * 435);
}

TEST_P(Parallel, TheFirstExceptionComesOut) {
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::atomic<int> begun = 0;
    try {
      parallel_for(100000, [&](std::int64_t i) {
        ++begun;
        throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_LT(std::stoi(error.what()), GetParam());
    }
    EXPECT_LE(begun, GetParam()) << "jobs are not begun after one has thrown";
  }
  EXPECT_EQ(runs_of(100), std::vector<int>(100, 1));
}

TEST_P(Parallel, SeveralThreadsMayCall) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 500; ++repeat)
        if (runs_of(20) != std::vector<int>(20, 1)) ++wrong;
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(Parallel, TensorsOfJobsComeFromTheCallersMemory) {
  const std::shared_ptr<CachingAllocator> pool = private_pool(Device::cpu());
  const AllocateFrom scope(Device::cpu(), pool);
  std::vector<Tensor> tensors(16);
  parallel_for(16, [&](std::int64_t i) {
    std::this_thread::sleep_for(1ms);
    tensors[static_cast<std::size_t>(i)] = Tensor(Shape{1024}, DType::f32);
  });
  EXPECT_EQ(pool->stats().in_use, 16 * 1024 * sizeof(float));
}

TEST_P(Parallel, RangesMakeUpTheWhole) {
  for (const std::int64_t n : {0, 1, 7, 8, 9, 63, 64, 65, 1000, 100003}) {
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(n));
    parallel_range(n, 8, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_GE(end - begin, std::min<std::int64_t>(n, 8));
      for (std::int64_t i = begin; i < end; ++i) ++seen.at(static_cast<std::size_t>(i));
    });
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; })) << n;
  }
}

TEST_P(Parallel, AForkedChildHasThreadsOfItsOwn) {
  (void)runs_of(1000);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    _exit(runs_of(1000) == std::vector<int>(1000, 1) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// The caller has all jobs but those that others have taken: it does not wait for a worker that gets no processor.
TEST(ParallelCaller, WaitsForNobodyWhoHasNoJob) {
  set_pool_threads(2);
  std::atomic<bool> held = false, release = false;
  std::thread other([&] {
    parallel_for(2, [&](std::int64_t) {  // keeps its thread and the only worker
      held = true;
      while (!release) std::this_thread::sleep_for(1ms);
    });
  });
  while (!held) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(runs_of(100), std::vector<int>(100, 1));
  release = true;
  other.join();
  set_pool_threads(usable_processors());
}

TEST(ParallelThreads, TheirNumberMayChange) {
  for (const int threads : {1, 3, 2, 6, 1, 6}) {
    set_pool_threads(threads);
    EXPECT_EQ(pool_threads(), threads);
    std::mutex mutex;
    std::set<std::thread::id> seen;
    parallel_for(64, [&](std::int64_t) {
      std::this_thread::sleep_for(200us);
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
    EXPECT_LE(std::ssize(seen), threads);
  }
  set_pool_threads(0);
  EXPECT_EQ(pool_threads(), 1);
  set_pool_threads(usable_processors());
}

TEST(ParallelAtExit, WorkIsDoneWithoutWorkers) {
  const auto leave = [] {
    std::atexit([] {  // registered before the pool's own end: runs after it
      if (runs_of(100) != std::vector<int>(100, 1)) _exit(1);
    });
    set_pool_threads(4);
    const bool fine = runs_of(100) == std::vector<int>(100, 1);
    std::exit(fine ? 0 : 1);
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(leave(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duhdr
