// SPDX-License-Identifier: Apache-2.0
// The rules of the fake GPU, each broken once: what a real one leaves undefined must be seen here.
#include <cudnn.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "tests/fake_gpu/fake_gpu.h"
#include "tests/fake_gpu/launch.h"

namespace duhdr::fake_gpu {
namespace {

class FakeGpu : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaStreamCreateWithFlags(&first_, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaStreamCreateWithFlags(&second_, cudaStreamNonBlocking), cudaSuccess);
  }
  void TearDown() override {
    fail_nothing();
    EXPECT_EQ(take_faults(), std::vector<std::string>());
    (void)cudaStreamDestroy(first_);
    (void)cudaStreamDestroy(second_);
    (void)cudaGetLastError();
  }

  static float* new_floats(std::size_t count) {
    void* block = nullptr;
    EXPECT_EQ(cudaMalloc(&block, count * sizeof(float)), cudaSuccess);
    return static_cast<float*>(block);
  }
  /// *to = value, as a kernel does it.
  static cudaError_t store(cudaStream_t stream, float* to, float value) {
    struct {
      float* to;
      float value;
      int no_padding = 0;  // which may hold anything
    } const parameters{to, value};
    launch_kernel(stream, "store", &parameters, sizeof parameters,
                  [parameters](bool) { *parameters.to = parameters.value; });
    return cudaGetLastError();
  }
  float read(cudaStream_t stream, const float* from) {
    float value = 0;
    EXPECT_EQ(cudaMemcpyAsync(&value, from, sizeof value, cudaMemcpyDefault, stream), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    return value;
  }
  void expect_fault(const std::string& says) {
    (void)cudaStreamSynchronize(first_);
    EXPECT_EQ(cudaStreamSynchronize(first_), cudaErrorIllegalAddress) << "an error that stays";
    EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
    const std::vector<std::string> faults = take_faults();
    ASSERT_FALSE(faults.empty()) << says;
    EXPECT_NE(faults.front().find(says), std::string::npos) << faults.front();
  }
  void begin_capture() { ASSERT_EQ(cudaStreamBeginCapture(first_, cudaStreamCaptureModeRelaxed), cudaSuccess); }
  void expect_invalid_capture() {
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(first_, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
    EXPECT_EQ(cudaGetLastError(), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  }

  cudaStream_t first_ = nullptr, second_ = nullptr;
};
using FakeGpuDeathTest = FakeGpu;

TEST_F(FakeGpuDeathTest, TheHostCannotReadDeviceMemory) {
  const float* block = new_floats(1);
  EXPECT_DEATH(std::printf("%f", static_cast<double>(*block)), "");
}

TEST_F(FakeGpuDeathTest, LibrariesEndWithTheProgram) {
  static cudnnHandle_t handle;
  EXPECT_DEATH(
      {
        std::atexit([] { (void)cudnnDestroy(handle); });  // registered before, called after
        (void)cudnnCreate(&handle);
        std::exit(0);
      },
      "its library was gone");
}

TEST_F(FakeGpu, NewMemoryHoldsNothing) { EXPECT_TRUE(std::isnan(read(first_, new_floats(3)))); }

TEST_F(FakeGpu, WorkIsDoneWhenSomebodyWaits) {
  float* block = new_floats(1);
  bool late = false;
  for (unsigned seed = 1; seed <= 20 && !late; ++seed) {
    set_seed(seed);
    float value = -1;
    EXPECT_EQ(store(first_, block, 7), cudaSuccess);
    EXPECT_EQ(cudaMemcpyAsync(&value, block, sizeof value, cudaMemcpyDeviceToHost, first_), cudaSuccess);
    late = value == -1;
    EXPECT_EQ(cudaStreamSynchronize(first_), cudaSuccess);
    EXPECT_EQ(value, 7);
  }
  EXPECT_TRUE(late);
}

TEST_F(FakeGpu, StreamsGoAnyWayUnlessAnEventOrdersThem) {
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  float* block = new_floats(1);
  for (const bool ordered : {false, true}) {
    std::array<int, 2> last{};
    for (unsigned seed = 1; seed <= 40; ++seed) {
      set_seed(seed);
      ASSERT_EQ(store(first_, block, 0), cudaSuccess);
      ASSERT_EQ(cudaEventRecord(event, first_), cudaSuccess);
      if (ordered) {
        ASSERT_EQ(cudaStreamWaitEvent(second_, event, 0), cudaSuccess);
      }
      ASSERT_EQ(store(second_, block, 1), cudaSuccess);
      ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
      ++last[static_cast<std::size_t>(read(first_, block))];
    }
    EXPECT_EQ(last[0] == 0, ordered);
    EXPECT_GT(last[1], 0);
  }
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
}

TEST_F(FakeGpu, FreedMemoryIsPoisonedInTheOrderOfTheStream) {
  float* block = new_floats(1);
  ASSERT_EQ(store(first_, block, 3), cudaSuccess);
  float before = 0;
  ASSERT_EQ(cudaMemcpyAsync(&before, block, sizeof before, cudaMemcpyDefault, first_), cudaSuccess);
  ASSERT_EQ(cudaFree(block), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(first_), cudaSuccess);
  EXPECT_EQ(before, 3);
  (void)store(first_, block, 4);
  expect_fault("freed");
}

TEST_F(FakeGpu, KernelsAreNotGivenAddressesOfTheHost) {
  float on_stack = 0;
  (void)store(first_, &on_stack, 1);
  expect_fault("address of the host");
  const std::vector<float> on_heap(1);
  (void)store(first_, const_cast<float*>(on_heap.data()), 1);
  expect_fault("address of the host");
}

TEST_F(FakeGpu, WhatIsWrittenPastTheEndIsSeen) {
  float* block = new_floats(1);
  ASSERT_EQ(store(first_, block + 1, 1), cudaSuccess);
  (void)cudaFree(block);
  expect_fault("past the end");
}

TEST_F(FakeGpu, CopiesKeepToTheirBlocks) {
  float* block = new_floats(2);
  const std::array<float, 3> values{};
  (void)cudaMemcpyAsync(block, values.data(), sizeof values, cudaMemcpyDefault, first_);
  expect_fault("too small");
  EXPECT_EQ(cudaMemcpyAsync(block, values.data(), 4, cudaMemcpyDeviceToHost, first_), cudaErrorInvalidValue);
}

TEST_F(FakeGpu, AStagingBlockIsReadWhenTheCopyRuns) {
  void* staging = nullptr;
  ASSERT_EQ(cudaMallocHost(&staging, sizeof(float)), cudaSuccess);
  float* block = new_floats(1);
  bool raced = false;
  for (unsigned seed = 1; seed <= 20 && !raced; ++seed) {
    set_seed(seed);
    *static_cast<float*>(staging) = 1;
    ASSERT_EQ(cudaMemcpyAsync(block, staging, sizeof(float), cudaMemcpyHostToDevice, second_), cudaSuccess);
    *static_cast<float*>(staging) = 2;  // too early
    raced = read(second_, block) == 2;
  }
  EXPECT_TRUE(raced);
  EXPECT_EQ(cudaFreeHost(staging), cudaSuccess);
}

TEST_F(FakeGpu, AGraphDoesItsWorkAtEveryLaunch) {
  float* block = new_floats(1);
  begin_capture();
  ASSERT_EQ(store(first_, block, 5), cudaSuccess);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(first_, &graph), cudaSuccess);
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_TRUE(std::isnan(read(first_, block)));
  for (int launch = 0; launch < 2; ++launch) {
    ASSERT_EQ(store(first_, block, 6), cudaSuccess);
    ASSERT_EQ(cudaGraphLaunch(executable, first_), cudaSuccess);
    EXPECT_EQ(read(first_, block), 5);
  }
  ASSERT_EQ(cudaFree(block), cudaSuccess);
  (void)cudaGraphLaunch(executable, first_);
  expect_fault("freed");
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
}

TEST_F(FakeGpu, WhatACaptureForbidsMakesItInvalid) {
  float* block = new_floats(1);
  float value = 0;
  cudaEvent_t event = nullptr, captured = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&captured, cudaEventDisableTiming), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, second_), cudaSuccess);
  const std::pair<cudaError_t, std::function<cudaError_t()>> forbidden[] = {
      {cudaErrorStreamCaptureUnsupported, [&] { return cudaStreamSynchronize(first_); }},
      {cudaErrorStreamCaptureUnsupported, [] { return cudaDeviceSynchronize(); }},
      {cudaErrorStreamCaptureUnsupported,
       [&] { return cudaMemcpyAsync(block, &value, sizeof value, cudaMemcpyDefault, first_); }},
      {cudaErrorStreamCaptureUnsupported,
       [&] { return cudaMemcpyAsync(&value, block, sizeof value, cudaMemcpyDefault, first_); }},
      {cudaErrorCapturedEvent, [&] { return cudaEventRecord(captured, first_), cudaEventQuery(captured); }},
      {cudaErrorCapturedEvent, [&] { return cudaEventRecord(captured, first_), cudaEventSynchronize(captured); }},
      {cudaErrorStreamCaptureIsolation, [&] { return cudaStreamWaitEvent(first_, event, 0); }},
  };
  for (const auto& [error, call] : forbidden) {
    begin_capture();
    EXPECT_EQ(call(), error);
    EXPECT_EQ(store(first_, block, 1), cudaErrorStreamCaptureInvalidated);
    expect_invalid_capture();
  }
  begin_capture();  // relaxed: memory may come and go
  EXPECT_EQ(cudaFree(block), cudaSuccess);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(first_, &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(first_, cudaStreamCaptureModeGlobal), cudaSuccess);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 1), cudaErrorStreamCaptureUnsupported);
  expect_invalid_capture();
  EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(captured), cudaSuccess);
}

TEST_F(FakeGpu, AnErrorIsToldOnceMore) {
  void* block = nullptr;
  fail("cudaMalloc", 2, cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&block, 1), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&block, 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&block, 1), cudaSuccess);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

}  // namespace
}  // namespace duhdr::fake_gpu
