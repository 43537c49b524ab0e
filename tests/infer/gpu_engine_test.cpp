// SPDX-License-Identifier: Apache-2.0
// The engine on a GPU: what it makes of a picture whole, by tiles and within a budget, against the CPU.
#include <gtest/gtest.h>

#include <cmath>

#include "infer/engine.h"
#include "models/duhdr/duhdr.h"
#include "tensor/allocator.h"
#include "tests/cases/op_evaluate.h"
#include "tests/support/fill_module.h"

namespace duhdr::test {
namespace {

std::unique_ptr<DuHdr> model() {
  DuHdrConfig config;
  config.trunk = Trunk::crfnet;
  config.down = Down::conv;
  config.response_max_side = 32;
  config.dnet_widths = config.oonet_widths = {4, 4, 4, 4, 4};
  config.itnet_widths = {4, 4, 4, 4, 4};
  config.response_widths = {4, 4, 4, 4};
  auto made = std::make_unique<DuHdr>(config);
  fill_module(*made, "");
  return made;
}

/// Waves, the right part of them clipped.
Tensor picture(std::int64_t h, std::int64_t w) {
  Tensor image(Shape{1, h, w, 3}, DType::f32);
  for (std::int64_t i = 0; i < image.numel(); ++i) {
    const auto x = static_cast<float>(i / 3 % w), y = static_cast<float>(i / 3 / w);
    const float code = 0.5f + 0.3f * std::sin(0.1f * (x + 2 * y) + static_cast<float>(i % 3));
    image.mutable_data<float>()[i] = x > 0.8f * static_cast<float>(w) ? 1 : std::round(255 * code) / 255;
  }
  return image;
}

class GpuEngine : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = cuda_unavailable_reason(); !reason.empty()) GTEST_SKIP() << reason;
  }
  static Engine::Result run(const EngineOptions& options, const Tensor& image = picture(150, 170)) {
    return Engine(model(), options).ldr_to_hdr(image);
  }
};

// Sums in another order; TF32 would be off by 1e-7.
constexpr Tolerance limit{1e-10, 1e-4};

TEST_F(GpuEngine, AgreesWithCpuWholeAndByTiles) {
  const Engine::Result expected = run({.tile = EngineOptions::whole});
  for (const std::int64_t tile : {EngineOptions::whole, EngineOptions::automatic, std::int64_t{64}}) {
    const Engine::Result found = run({.device = Device::cuda(), .tile = tile});
    expect_close(found.pixels, expected.pixels, limit, "tile " + std::to_string(tile));
    EXPECT_EQ(found.clipped, expected.clipped);
  }
}

TEST_F(GpuEngine, KeepsToItsBudget) {
  const Tensor image = picture(384, 384);
  const Engine::Result whole = run({.device = Device::cuda(), .tile = EngineOptions::whole}, image);
  const std::size_t budget = whole.peak_memory / 2;
  const Engine::Result found = run({.device = Device::cuda(), .max_memory = budget}, image);
  EXPECT_LE(found.peak_memory, budget);
  expect_close(found.pixels, whole.pixels, limit, "result");
  EXPECT_THROW((void)run({.device = Device::cuda(), .max_memory = std::size_t{1} << 18}, image), Error);
}

TEST_F(GpuEngine, OnePictureAfterAnother) {
  Engine gpu(model(), {.device = Device::cuda()}), cpu(model(), {});
  for (const auto& [h, w] : {std::pair{64, 64}, {33, 70}, {64, 64}, {1, 1}}) {
    const Tensor image = picture(h, w);
    expect_close(gpu.ldr_to_hdr(image).pixels, cpu.ldr_to_hdr(image).pixels, limit, message(h, "x", w));
    expect_close(gpu.hdr_to_ldr(image).pixels, cpu.hdr_to_ldr(image).pixels, {1e-4, 2.0 / 255}, message(h, "x", w));
  }
}

}  // namespace
}  // namespace duhdr::test
