// SPDX-License-Identifier: Apache-2.0
// The engine: tiles give the same bits as the whole image, budgets are kept, every size works.
#include "infer/engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "infer/tiles.h"
#include "kernels/execution.h"
#include "models/duhdr/duhdr.h"
#include "tensor/allocator.h"
#include "tests/golden/fill.h"

namespace duhdr {
namespace {

/// A model with every weight away from its start, so that nothing passes by being zero.
std::unique_ptr<DuHdr> random_model(const DuHdrConfig& config) {
  auto model = std::make_unique<DuHdr>(config);
  for (const auto& list : {model->parameters(), model->buffers()})
    for (const NamedVariable& named : list) {
      Tensor values(named.variable.shape(), DType::f32);
      std::vector<std::int64_t> shape;
      for (int axis = 0; axis < values.shape().rank(); ++axis) shape.push_back(values.shape()[axis]);
      golden::fill_parameter(named.name, shape,
                             {values.mutable_data<float>(), static_cast<std::size_t>(values.numel())});
      Variable(named.variable).set_value(values);
    }
  return model;
}

Tensor picture(std::int64_t h, std::int64_t w, float bright_share) {
  Tensor image(Shape{1, h, w, 3}, DType::f32);
  float* values = image.mutable_data<float>();
  const std::uint64_t key = golden::key_of("engine/picture");
  for (std::int64_t y = 0; y < h; ++y)
    for (std::int64_t x = 0; x < w; ++x)
      for (std::int64_t c = 0; c < 3; ++c) {
        const std::int64_t i = (y * w + x) * 3 + c;
        const float noise = golden::fill_value(key, static_cast<std::uint64_t>(i), 0, 0.2);
        const bool bright = static_cast<float>(x + y) > (1 - bright_share) * static_cast<float>(h + w);
        const float code = bright ? 1.f : 0.4f + 0.3f * std::sin(0.05f * static_cast<float>(x + 2 * y)) + noise;
        values[i] = std::round(255 * std::min(code, 1.f)) / 255;
      }
  return image;
}

std::vector<float> run(const DuHdrConfig& config, const Tensor& image, std::int64_t tile,
                       DType precision = DType::f32) {
  Engine engine(random_model(config), {.precision = precision, .tile = tile});
  return engine.ldr_to_hdr(image).pixels.to_vector<float>();
}

DuHdrConfig variant(Trunk trunk, Down down) {
  DuHdrConfig config;
  config.trunk = trunk;
  config.down = down;
  config.response_max_side = 64;
  return config;
}

TEST(Engine, TilesGiveTheBitsOfTheWholeImage) {
  const Tensor image = picture(289, 353, 0.2f);
  for (const DuHdrConfig& config : {variant(Trunk::crfnet, Down::rfb), variant(Trunk::crfnet, Down::conv)}) {
    const std::vector<float> whole = run(config, image, EngineOptions::whole);
    for (const std::int64_t tile : {160, 192}) EXPECT_TRUE(run(config, image, tile) == whole) << "tile " << tile;
  }
}

TEST(Engine, TilesGiveTheBitsOfTheWholeImageOverThreeIterations) {
  DuHdrConfig config = variant(Trunk::crfnet, Down::rfb);
  config.itnet_iterations = 3;
  const Tensor image = picture(32, 1440, 0.5f);
  EXPECT_TRUE(run(config, image, 480) == run(config, image, EngineOptions::whole));
}

TEST(Engine, EqualsThePlainChain) {
  const Tensor image = picture(45, 37, 0.3f);
  const DuHdrConfig config = variant(Trunk::resnet18, Down::rfb);
  auto model = random_model(config);
  model->freeze();
  const NoGrad inference;
  const ExecutionScope tiled({.size_independent = true});
  const std::vector<float> plain = model->ldr_to_hdr(Variable(image)).result.value().to_vector<float>();
  EXPECT_TRUE(run(config, image, EngineOptions::whole) == plain);
}

TEST(Engine, TilesWithoutClippedPixelsAreNotComputed) {
  Engine engine(random_model(variant(Trunk::crfnet, Down::rfb)), {.tile = 64});
  const Engine::HdrResult result = engine.ldr_to_hdr(picture(256, 256, 0));
  EXPECT_GT(result.tiles, 1);
  EXPECT_LE(result.computed, result.tiles);
  for (const float value : result.pixels.to_vector<float>()) ASSERT_TRUE(std::isfinite(value) && value >= 0);
}

TEST(Engine, ABudgetMakesTilesAndKeepsTheBits) {
  const DuHdrConfig config = variant(Trunk::crfnet, Down::rfb);
  const Tensor image = picture(640, 640, 0.2f);
  const std::vector<float> whole = run(config, image, EngineOptions::whole);
  allocator_of(Device::cpu()).trim();
  Engine engine(random_model(config), {.max_memory = std::size_t{400} << 20});
  const Engine::HdrResult result = engine.ldr_to_hdr(image);
  EXPECT_GT(result.tiles, 1);
  EXPECT_LE(result.peak_memory, std::size_t{400} << 20);
  EXPECT_TRUE(result.pixels.to_vector<float>() == whole);
  allocator_of(Device::cpu()).set_limit(0);
}

TEST(Engine, ABudgetThatIsTooSmallIsOutOfMemory) {
  Engine engine(random_model(variant(Trunk::crfnet, Down::rfb)), {.max_memory = std::size_t{200} << 20});
  try {
    (void)engine.ldr_to_hdr(picture(640, 640, 0.2f));
    FAIL() << "200 MiB were enough";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::out_of_memory);
  }
  allocator_of(Device::cpu()).set_limit(0);
}

TEST(Engine, MixedPrecisionStaysNear) {
  const DuHdrConfig config = variant(Trunk::crfnet, Down::rfb);
  const Tensor image = picture(96, 96, 0.3f);
  const std::vector<float> exact = run(config, image, EngineOptions::whole);
  const std::vector<float> mixed = run(config, image, EngineOptions::whole, DType::bf16);
  double error = 0, power = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    error += std::pow(exact[i] - mixed[i], 2);
    power += std::pow(exact[i], 2);
  }
  EXPECT_LT(error / power, 1e-3);  // 8 bits of mantissa through some sixty layers
  EXPECT_GT(error, 0);
}

TEST(Tiles, CoverEveryPixelOnceAndReadTheirHalo) {
  for (const std::int64_t core : {0, 32, 96, 640}) {
    std::vector<int> covered(320 * 544);
    for (const Tile& tile : make_tiles(320, 544, core, 64, 32)) {
      for (std::int64_t y = tile.core.top; y < tile.core.top + tile.core.height; ++y)
        for (std::int64_t x = tile.core.left; x < tile.core.left + tile.core.width; ++x)
          ++covered[static_cast<std::size_t>(y * 544 + x)];
      EXPECT_EQ(tile.input.top, std::max<std::int64_t>(0, tile.core.top - 64));
      EXPECT_EQ(tile.input.left + tile.input.width, std::min<std::int64_t>(544, tile.core.left + tile.core.width + 64));
    }
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), 320 * 544) << core;
  }
}

}  // namespace
}  // namespace duhdr
