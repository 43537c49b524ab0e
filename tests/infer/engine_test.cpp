// SPDX-License-Identifier: Apache-2.0
// The engine: tiles give the same bits as the whole image, budgets are kept, every size works.
#include "infer/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <span>

#include "infer/plan.h"
#include "kernels/arithmetic.h"
#include "kernels/camera/mask.h"
#include "kernels/pointwise.h"
#include "kernels/pool.h"
#include "models/duhdr/duhdr.h"
#include "tensor/allocator.h"
#include "tests/golden/fill.h"
#include "tests/support/one_pass_model.h"

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
  DuHdrConfig plain = variant(Trunk::crfnet, Down::rfb);
  plain.middle = Middle::none;
  DuHdrConfig gains = variant(Trunk::crfnet, Down::conv);
  gains.itnet_residual = gains.oonet_residual = Residual::gain;
  DuHdrConfig half = gains;
  half.itnet_scale = 2;
  half.itnet_encoder = Encoder::vgg16_bn;
  for (const DuHdrConfig& config :
       {variant(Trunk::crfnet, Down::rfb), variant(Trunk::crfnet, Down::conv), plain, gains, half}) {
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
  const std::vector<float> plain = forward(model->to_hdr(), Variable(image)).value().to_vector<float>();
  EXPECT_TRUE(run(config, image, EngineOptions::whole) == plain);
}

/// A model that leaves the picture as it is, but adds `residual` wherever ITnet is computed and the mask is one.
std::unique_ptr<DuHdr> adding_model(float residual) {
  auto model = std::make_unique<DuHdr>(variant(Trunk::crfnet, Down::rfb));  // heads and curves begin at "no change"
  for (NamedVariable& parameter : model->parameters())
    if (parameter.name == "itnet.fuse0.bias")
      parameter.variable.set_value(Tensor::full(Shape{3}, residual, DType::f32));
  return model;
}

TEST(Engine, TilesWithoutClippedPixelsAreNotComputed) {
  Tensor image = Tensor::full(Shape{1, 256, 256, 3}, 0.25, DType::f32);
  const auto pixel = [&](std::int64_t y, std::int64_t x) { return image.mutable_data<float>() + (y * 256 + x) * 3; };
  Engine engine(adding_model(0.5f), {.tile = 64});
  const Engine::Result dark = engine.ldr_to_hdr(image);
  EXPECT_EQ(dark.tiles, 16);
  EXPECT_EQ(dark.computed, 0);
  EXPECT_EQ(dark.clipped, 0);
  for (const float value : dark.pixels.to_vector<float>()) ASSERT_EQ(value, 0.25f);

  pixel(63, 64)[1] = 1;    // in the second tile of the first row
  pixel(200, 200)[0] = 1;  // in the last tile
  pixel(201, 200)[0] = 0.9499f;
  const Engine::Result two = engine.ldr_to_hdr(image);
  EXPECT_EQ(two.tiles, 16);
  EXPECT_EQ(two.computed, 2);
  EXPECT_EQ(two.clipped, 2.0 / (256 * 256));
  const std::vector<float> values = two.pixels.to_vector<float>();
  EXPECT_EQ(values[(63 * 256 + 64) * 3 + 1], 1.5f);
  EXPECT_EQ(values[(63 * 256 + 64) * 3], 0.75f);
  EXPECT_EQ(values[(63 * 256 + 63) * 3], 0.25f);
}

/// Clipped pixels here and there: what only unclipped places need is left out, on every level, and no bit changes.
TEST(Engine, ASparseMaskKeepsTheBits) {
  Tensor image = picture(448, 512, 0);
  for (float& value : std::span(image.mutable_data<float>(), static_cast<std::size_t>(image.numel())))
    value = std::min(value, 0.9f);
  for (const auto& [y, x] : {std::pair{3, 5}, {200, 330}, {201, 395}, {447, 511}})
    image.mutable_data<float>()[(y * 512 + x) * 3 + 1] = 1;
  DuHdrConfig config = variant(Trunk::crfnet, Down::conv);
  config.dnet_widths = config.oonet_widths = {4, 4, 4, 4, 4};
  config.itnet_widths = {16, 16, 32, 32, 16};
  auto plain = random_model(config);
  const auto stop_at_mask = [](DuHdr& model) {  // Dnet's and the curve's start values: the mask is that of the picture
    for (NamedVariable& named : model.parameters())
      if (named.name.starts_with("dnet.head") || named.name.starts_with("innet"))
        named.variable.set_value(Tensor::zeros(named.variable.shape(), DType::f32));
  };
  stop_at_mask(*plain);
  plain->freeze();
  const NoGrad inference;
  const std::vector<float> expected = forward(plain->to_hdr(), Variable(image)).value().to_vector<float>();
  for (const std::int64_t tile : {EngineOptions::whole, EngineOptions::automatic, std::int64_t{128}}) {
    auto model = random_model(config);
    stop_at_mask(*model);
    Engine engine(std::move(model), {.tile = tile});
    const Engine::Result result = engine.ldr_to_hdr(image);
    EXPECT_TRUE(result.pixels.to_vector<float>() == expected) << "tile " << tile;
    EXPECT_GT(result.computed, 0);
    EXPECT_LT(result.computed, result.tiles / 4);
  }
}

/// A model that takes more memory than its dry run tells, as a library's workspace may.
class HungryModel : public test::OnePassModel {
 public:
  explicit HungryModel(std::size_t bytes_a_pixel)
      : OnePassModel([this, bytes_a_pixel](const Variable& x) { return eat(x, bytes_a_pixel); }, /*masked=*/true) {}
  int meals = 0, stumble_at = 0;

 private:
  Variable eat(const Variable& x, std::size_t bytes_a_pixel) {
    if (!x.device().is_meta()) {
      ++meals;
      const auto pixels = static_cast<std::size_t>(x.shape().h() * x.shape().w());
      const Tensor meal(Shape{static_cast<std::int64_t>(pixels * bytes_a_pixel)}, DType::u8, x.device());
      if (meals == stumble_at) throw Error(ExitCode::out_of_memory, "out of memory");
    }
    return affine(x, 2, 0);
  }
};

TEST(Engine, OutOfMemoryInTheMidstStartsThePassAgain) {
  const Tensor image = Tensor::full(Shape{1, 512, 512, 3}, 1, DType::f32);
  auto model = std::make_unique<HungryModel>(1024);  // 256 MiB for the whole
  HungryModel& hungry = *model;
  Engine engine(std::move(model), {.max_memory = std::size_t{200} << 20});
  (void)engine.ldr_to_hdr(Tensor::full(Shape{1, 1, 1, 3}, 1, DType::f32));  // and the blank one before the first
  hungry.meals = 0;
  hungry.stumble_at = 3;  // the whole does not fit, its quarters do, but the second of them fails
  const Engine::Result result = engine.ldr_to_hdr(image);
  EXPECT_EQ(result.tiles, 64);
  EXPECT_EQ(result.computed, 64);
  EXPECT_EQ(hungry.meals, 5);  // the whole in vain, a half, the other in vain, its halves
  for (const float value : result.pixels.to_vector<float>()) ASSERT_EQ(value, 2);
}

TEST(Engine, GivesBackTheMemoryLimitWhateverHappens) {
  CachingAllocator& allocator = allocator_of(Device::cpu());
  const MemoryLimit outer(allocator, std::size_t{3} << 30);
  {
    Engine engine(adding_model(0), {.max_memory = std::size_t{1} << 30});
    (void)engine.ldr_to_hdr(picture(32, 32, 0));
    EXPECT_EQ(allocator.limit(), std::size_t{3} << 30);
    const Engine::Result back = engine.hdr_to_ldr(picture(32, 32, 0));
    EXPECT_GT(back.peak_memory, 0u);
    EXPECT_EQ(allocator.limit(), std::size_t{3} << 30);
  }
  Engine starving(random_model(variant(Trunk::crfnet, Down::rfb)), {.max_memory = std::size_t{1} << 20});
  EXPECT_THROW((void)starving.ldr_to_hdr(picture(320, 320, 0.2f)), Error);
  EXPECT_EQ(allocator.limit(), std::size_t{3} << 30);
}

TEST(Engine, TellsItsProgressByTheWorkDone) {
  Engine engine(adding_model(0.5f), {.tile = 64});
  std::vector<std::pair<std::string, double>> told;
  (void)engine.ldr_to_hdr(picture(256, 256, 1),
                          [&](const std::string& pass, double done) { told.emplace_back(pass, done); });
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_GE(told[i].second, told[i - 1].second - 1e-12) << told[i].first;
  EXPECT_EQ(told.front().second, 0);
  EXPECT_EQ(told.back(), (std::pair<std::string, double>{"done", 1}));
  double itnet_begins = 1, oonet_begins = 0;
  for (const auto& [pass, done] : told) {
    if (pass == "ITnet") itnet_begins = std::min(itnet_begins, done);
    if (pass == "OOnet down") oonet_begins = done;
  }
  EXPECT_GT(oonet_begins - itnet_begins, 0.5);  // 320 of 448 GFLOP
}

TEST(Engine, KeepsLayersOfTheChainWhateverTheTiles) {
  const DuHdrConfig config = variant(Trunk::resnet18, Down::conv);
  const Tensor image = picture(100, 170, 0.2f);
  const auto model = random_model(config);
  model->freeze();
  const NoGrad inference;
  const Values values = forward(model->to_hdr(), Variable(image), {"linear", "mask"});
  for (const std::int64_t tile : {EngineOptions::whole, EngineOptions::automatic, std::int64_t{64}}) {
    Engine engine(random_model(config), {.tile = tile, .layers = {"linear", "mask"}});
    const Engine::Result result = engine.ldr_to_hdr(image);
    ASSERT_EQ(result.layers.size(), 2u);
    for (const auto& [name, layer] : result.layers) {
      EXPECT_EQ(layer.shape(), values.at(name).shape());
      EXPECT_TRUE(layer.to_vector<float>() == values.at(name).value().to_vector<float>()) << name << " tile " << tile;
    }
    EXPECT_EQ(result.pixels.to_vector<float>(), run(config, image, tile));
  }
  EXPECT_THROW(Engine(random_model(config), {.layers = {"nothing"}}), Error);
}

TEST(Engine, RefusesAWayBackThatAModelHasNot) {
  Engine engine(std::make_unique<HungryModel>(1), {});
  try {
    (void)engine.hdr_to_ldr(picture(32, 32, 0));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
}

TEST(Engine, ABudgetMakesTilesAndKeepsTheBits) {
  const DuHdrConfig config = variant(Trunk::crfnet, Down::rfb);
  const Tensor image = picture(640, 640, 0.2f);
  const std::vector<float> whole = run(config, image, EngineOptions::whole);
  CachingAllocator& allocator = allocator_of(Device::cpu());
  allocator.trim();
  const auto bytes_of_weights = [&] {  // packed ones included
    Engine engine(random_model(config), {});
    (void)engine.ldr_to_hdr(picture(32, 32, 0.2f));
    return allocator.stats().in_use;
  };
  const std::size_t limit = bytes_of_weights() + (std::size_t{200} << 20);  // untiled it takes about 230 MiB
  Engine engine(random_model(config), {.max_memory = limit});
  allocator.trim();
  const Engine::Result result = engine.ldr_to_hdr(image);
  EXPECT_LE(result.peak_memory, limit);
  EXPECT_TRUE(result.pixels.to_vector<float>() == whole);
}

TEST(Engine, ABudgetThatIsTooSmallIsOutOfMemory) {
  Engine engine(random_model(variant(Trunk::crfnet, Down::rfb)), {.max_memory = std::size_t{200} << 20});
  try {
    (void)engine.ldr_to_hdr(picture(640, 640, 0.2f));
    FAIL() << "200 MiB were enough";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::out_of_memory);
  }
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
    for (const Tile& tile : make_tiles({0, 0, 320, 544}, {0, 0, 320, 544}, core, 64, 32)) {
      for (std::int64_t y = tile.core.top; y < tile.core.top + tile.core.height; ++y)
        for (std::int64_t x = tile.core.left; x < tile.core.left + tile.core.width; ++x)
          ++covered[static_cast<std::size_t>(y * 544 + x)];
      EXPECT_EQ(tile.input.top, std::max<std::int64_t>(0, tile.core.top - 64));
      EXPECT_EQ(tile.input.left + tile.input.width, std::min<std::int64_t>(544, tile.core.left + tile.core.width + 64));
    }
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), 320 * 544) << core;
  }
}

TEST(Cells, AreCoveredByFewPixels) {
  Cells cells(512, 640, 64);
  EXPECT_TRUE(cover(cells, {0, 0, 512, 640}, 16).empty());
  cells.need({70, 10, 1, 1});
  cells.need({64, 64, 64, 64});
  cells.need({511, 639, 1, 1});
  EXPECT_EQ(cells.needed(), 3);
  EXPECT_EQ(cover(cells, {0, 0, 512, 640}, 16), (std::vector<Rect>{{64, 0, 64, 128}, {448, 576, 64, 64}}));
  EXPECT_EQ(cover(cells, {0, 0, 512, 640}, 1024).size(), 1u);  // with such a halo one piece is cheaper
  EXPECT_EQ(cover(cells, {80, 32, 32, 400}, 16), (std::vector<Rect>{{80, 32, 32, 96}}));
}

TEST(Tiles, OnlyBordersInsideTheImageLieOnTheGrid) {
  const std::vector<Tile> tiles = make_tiles({0, 0, 96, 352}, {0, 0, 96, 352}, 128, 128, 128);
  ASSERT_EQ(tiles.size(), 3u);
  EXPECT_EQ(tiles[0].input, (Rect{0, 0, 96, 256}));
  EXPECT_EQ(tiles[2].core, (Rect{0, 256, 96, 96}));
  EXPECT_EQ(tiles[2].input, (Rect{0, 128, 96, 224}));
}

}  // namespace
}  // namespace duhdr
