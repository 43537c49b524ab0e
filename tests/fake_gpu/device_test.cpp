// SPDX-License-Identifier: Apache-2.0
// What duhdr does on a GPU that fails, is busy elsewhere, or does things late: uploads, records, convolutions and the
// engine, on the fake one.
#include <cuda_runtime.h>
#include <cudnn.h>
#include <gtest/gtest.h>

#include "infer/engine.h"
#include "kernels/arithmetic.h"
#include "kernels/conv/conv2d.h"
#include "kernels/conv/conv_cudnn.h"
#include "kernels/pointwise.h"
#include "models/expandnet/expandnet_model.h"
#include "tensor/allocator.h"
#include "tensor/recorder.h"
#include "tensor/upload.h"
#include "tests/cases/op_evaluate.h"
#include "tests/fake_gpu/fake_gpu.h"
#include "tests/support/fill_module.h"

namespace duhdr::test {
namespace {

using fake_gpu::fail;

const Device gpu = Device::cuda();

class FakeDevice : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cuda_unavailable_reason(), ""); }
  void TearDown() override { fake_gpu::fail_nothing(); }
};

Tensor numbers(Shape shape, int seed) {
  Tensor out(shape, DType::f32);
  golden::fill("fake/" + std::to_string(seed), {-1, 1},
               {out.mutable_data<float>(), static_cast<std::size_t>(out.numel())});
  return out;
}

TEST_F(FakeDevice, UploadsArriveWhateverRunsFirst) {
  const NoGrad no_grad;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    fake_gpu::set_seed(seed);
    const std::unique_ptr<Upload> upload = Upload::to(gpu);
    std::vector<Tensor> results, expected;
    for (int i = 0; i < 9; ++i) {
      const Tensor host = numbers(Shape{i < 5 ? 64 : 96}, i);  // another shape in the midst
      upload->begin({host, {}});
      if (i % 3 == 1) results.push_back(affine(Variable(results.back()), 1, 0).value());  // the GPU has something to do
      if (i % 3 == 1) expected.push_back(expected.back());
      const std::vector<Tensor> device = upload->end();
      EXPECT_FALSE(device[1].defined());
      results.push_back(affine(Variable(device[0]), 2, 0).value());
      expected.push_back(affine(Variable(host), 2, 0).value());
    }
    for (std::size_t i = 0; i < results.size(); ++i)
      EXPECT_EQ(results[i].to(Device::cpu()).to_vector<float>(), expected[i].to_vector<float>())
          << "seed " << seed << ", " << i;
  }
}

/// Work as a training step has it: batches of two layouts, each with a weight that nobody else uses, whose packed form
/// is kept beside it.
struct Layers {
  std::map<std::string, Tensor> x, y;
  std::map<std::string, Variable> weight;

  explicit Layers(Device device) {
    for (const auto& [key, side] : {std::pair{"small", 8}, {"large", 20}}) {
      x[key] = numbers(Shape{1, side, side, 3}, side).to(device);
      y[key] = Tensor::zeros(Shape{1, side, side, 4}, DType::f32, device);
      weight[key] = Variable(numbers(Shape{4, 3, 3, 3}, side + 1).to(device));
    }
  }
  void run(const std::string& key) {
    const NoGrad no_grad;
    Tensor& result = y.at(key);
    const Variable one(Tensor::full(result.shape(), 1, DType::f32, result.device()));
    copy(result, add(conv2d({.x = Variable(x.at(key)), .weight = weight.at(key)}), one).value());
  }
};

/// The second layout comes when the first one is recorded: what it keeps must not lie where records write.
TEST_F(FakeDevice, RecordsOfTwoLayoutsShareAPool) {
  Layers on_gpu(gpu), on_cpu(Device::cpu());
  Recorder recorder(gpu);
  for (int i = 0; i < 14; ++i) {
    const std::string key = i > 4 && i % 2 == 1 ? "large" : "small";
    const Tensor input = numbers(on_cpu.x.at(key).shape(), i);
    copy(on_gpu.x.at(key), input);
    copy(on_cpu.x.at(key), input);
    recorder.run(key, [&] { on_gpu.run(key); });
    on_cpu.run(key);
    expect_close(on_gpu.y.at(key).to(Device::cpu()), on_cpu.y.at(key), {1e-12, 1e-5}, message("step ", i));
  }
  EXPECT_EQ(recorder.refusal(), "");
  EXPECT_EQ(recorder.recorded(), 2u);
}

TEST_F(FakeDevice, WhereRecordingFailsWorkGoesOn) {
  struct Way {
    const char* name;
    std::function<void(bool recording)> disturb;
  };
  const Way ways[] = {
      {"a wait", [](bool) { synchronize(gpu); }},
      {"a copy to the host", [](bool) { (void)numbers(Shape{4}, 1).to(gpu).to(Device::cpu()); }},
      {"no launch",
       [](bool recording) {
         if (recording) fail("launch", 1, cudaErrorStreamCaptureUnsupported);
       }},
      {"no graph",
       [](bool recording) {
         if (recording) fail("cudaGraphInstantiate", 1, cudaErrorMemoryAllocation);
       }},
      {"no beginning",
       [](bool recording) {
         if (!recording) fail("cudaStreamBeginCapture", 1, cudaErrorStreamCaptureUnsupported);
       }},
  };
  for (const Way& way : ways) {
    SCOPED_TRACE(way.name);
    Layers on_gpu(gpu), on_cpu(Device::cpu());
    Recorder recorder(gpu);
    on_cpu.run("small");
    for (int i = 0; i < 5; ++i) {
      recorder.run("small", [&] {
        way.disturb(RecordScope::current() != 0);
        on_gpu.run("small");
      });
      expect_close(on_gpu.y.at("small").to(Device::cpu()), on_cpu.y.at("small"), {1e-12, 1e-5}, message("step ", i));
    }
    EXPECT_NE(recorder.refusal(), "");
    EXPECT_EQ(recorder.recorded(), 0u);
    fake_gpu::fail_nothing();
  }
}

Tensor convolved(Device device, std::int64_t side) {
  const NoGrad no_grad;
  const Variable x(numbers(Shape{1, side, side, 3}, 1).to(device)), weight(numbers(Shape{4, 3, 3, 3}, 2).to(device));
  return conv2d({.x = x, .weight = weight}).value().to(Device::cpu());
}

TEST_F(FakeDevice, WhatCudnnTurnsDownIsDoneAllTheSame) {
  std::int64_t side = 11;
  for (const auto& [function, status] : {std::pair{"cudnnConvolutionForward", CUDNN_STATUS_NOT_SUPPORTED},
                                         {"cudnnGetConvolutionForwardAlgorithm_v7", CUDNN_STATUS_NOT_SUPPORTED},
                                         {"cudnnGetConvolutionForwardAlgorithm_v7", CUDNN_STATUS_BAD_PARAM},
                                         {"cudnnGetConvolutionForwardWorkspaceSize", CUDNN_STATUS_NOT_SUPPORTED}}) {
    SCOPED_TRACE(function);
    const std::size_t known = cudnn::unsupported_problems().size();
    fail(function, 1, status, 100);
    expect_close(convolved(gpu, side), convolved(Device::cpu(), side), {1e-12, 1e-5}, "result");
    EXPECT_EQ(cudnn::unsupported_problems().size(), known + 1);
    fake_gpu::fail_nothing();
    ++side;  // what has been turned down is remembered
  }
}

TEST_F(FakeDevice, TheNextAlgorithmIsTriedWhereOneIsTurnedDown) {
  const std::size_t known = cudnn::unsupported_problems().size();
  fail("cudnnConvolutionForward", 1, CUDNN_STATUS_NOT_SUPPORTED);
  expect_close(convolved(gpu, 31), convolved(Device::cpu(), 31), {1e-12, 1e-5}, "result");
  EXPECT_EQ(cudnn::unsupported_problems().size(), known);
}

TEST_F(FakeDevice, WithoutMemoryForAWorkspaceAnAlgorithmWithoutOneRuns) {
  (void)convolved(gpu, 32);
  const int before = fake_gpu::calls("cudaMalloc");
  (void)convolved(gpu, 32);
  const int allocations = fake_gpu::calls("cudaMalloc") - before;
  int done = 0;
  for (int k = 1; k <= allocations; ++k) {
    fail("cudaMalloc", k, cudaErrorMemoryAllocation, 2);  // and once more when the cache has been given back
    try {
      expect_close(convolved(gpu, 32), convolved(Device::cpu(), 32), {1e-12, 1e-5}, "result");
      ++done;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::out_of_memory) << error.what();
    }
    fake_gpu::fail_nothing();
  }
  EXPECT_EQ(done, 1);
}

TEST_F(FakeDevice, OtherFailuresOfCudnnAreErrors) {
  const auto code_of = [](cudnnStatus_t status, std::int64_t side) {
    fail("cudnnConvolutionForward", 1, status);
    try {
      (void)convolved(gpu, side);
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::done;
  };
  EXPECT_EQ(code_of(CUDNN_STATUS_EXECUTION_FAILED, 41), ExitCode::device);
  EXPECT_EQ(code_of(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, 42), ExitCode::out_of_memory);
  EXPECT_EQ(code_of(CUDNN_STATUS_SUCCESS, 43), ExitCode::done);
}

/// An engine that runs out of memory says so, or makes the picture all the same; and the next picture is right.
TEST_F(FakeDevice, TheEngineSurvivesEveryAllocationThatFails) {
  const auto engine_on = [](Device device) {
    ExpandNetConfig config;
    config.local_widths = {2, 2};
    config.dilated_width = config.global_width = config.fused_width = 2;
    auto model = std::make_unique<ExpandNetModel>(config);
    fill_module(*model, "");
    return std::make_unique<Engine>(std::move(model), EngineOptions{.device = device});
  };
  const Tensor image = affine(Variable(numbers(Shape{1, 24, 24, 3}, 3)), 0.5, 0.5).value();
  const Tensor expected = engine_on(Device::cpu())->ldr_to_hdr(image).pixels;
  const std::unique_ptr<Engine> engine = engine_on(gpu);
  (void)engine->ldr_to_hdr(image);
  const std::size_t in_use = allocator_of(gpu).stats().in_use;
  const int before = fake_gpu::calls("cudaMalloc");
  (void)engine->ldr_to_hdr(image);
  const int allocations = fake_gpu::calls("cudaMalloc") - before;
  EXPECT_GT(allocations, 20);
  int refused = 0;
  for (int k = 1; k <= allocations; ++k) {
    fail("cudaMalloc", k, cudaErrorMemoryAllocation, 2);
    try {
      expect_close(engine->ldr_to_hdr(image).pixels, expected, {1e-10, 1e-4}, message("allocation ", k));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::out_of_memory) << error.what();
      ++refused;
    }
    fake_gpu::fail_nothing();
    EXPECT_EQ(allocator_of(gpu).stats().in_use, in_use) << "allocation " << k;
  }
  std::printf("%d allocations, %d of them without which nothing can be done\n", allocations, refused);
  expect_close(engine->ldr_to_hdr(image).pixels, expected, {1e-10, 1e-4}, "at the end");
}

}  // namespace
}  // namespace duhdr::test
