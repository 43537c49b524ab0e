// SPDX-License-Identifier: Apache-2.0
// HDRCNN beside its golden values: what it costs, its names, its start, tiles, and what it leaves of the photograph.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "infer/engine.h"
#include "kernels/op_counter.h"
#include "kernels/pointwise.h"
#include "models/hdrcnn/config_json.h"
#include "models/hdrcnn/hdrcnn_model.h"
#include "models/model_directory.h"
#include "models/precision.h"
#include "tests/cases/op_evaluate.h"
#include "tests/golden/fill.h"
#include "tests/support/fill_module.h"

namespace duhdr::test {
namespace {

constexpr HdrcnnConfig narrow{.widths = {4, 6, 8, 8, 8}};

/// Codes in [0, 1): about 15 % of the pixels are above 0.95 in one channel.
Tensor picture(std::int64_t height, std::int64_t width, double brightest = 1) {
  Tensor image(Shape{1, height, width, 3}, DType::f32);
  golden::fill("hdrcnn/picture", {0, brightest},
               {image.mutable_data<float>(), static_cast<std::size_t>(image.numel())});
  return image;
}

std::unique_ptr<HdrcnnModel> random_model() {
  auto model = std::make_unique<HdrcnnModel>(narrow);
  fill_module(*model, "");
  return model;
}

TEST(HdrcnnCounts, AreThoseOfTheLiterature) {
  Hdrcnn net;
  EXPECT_EQ(net.parameter_count(), 29443358);
  net.to(Device::meta());
  const NoGrad no_grad;
  const OpCounter counter;
  net(Variable(Tensor(Shape{1, 512, 512, 3}, DType::f32, Device::meta())));
  EXPECT_NEAR(counter.flop() / 1e9, 242.205, 5e-4);
}

TEST(HdrcnnNames, AreThoseOfTheDocumentedConverter) {
  std::map<std::string, Shape> shapes;
  const Hdrcnn net;
  for (const auto& list : {net.parameters(), net.buffers()})
    for (const auto& [name, variable] : list) shapes.emplace(name, variable.shape());
  EXPECT_EQ(shapes.size(), 80u);  // arrays of the published file
  const std::map<std::string, Shape> some{
      {"encoder.conv1_1.weight", {64, 3, 3, 3}},
      {"encoder.conv5_3.bias", {512}},
      {"bottleneck.conv.weight", {512, 512, 3, 3}},
      {"bottleneck.bn.running_var", {512}},
      {"up1.conv.weight", {512, 512, 4, 4}},
      {"up3.conv.weight", {512, 256, 4, 4}},
      {"up3.conv.bias", {256}},
      {"up5.bn.running_mean", {64}},
      {"fuse1.weight", {512, 1024, 1, 1}},
      {"fuse5.weight", {64, 128, 1, 1}},
      {"out.conv.weight", {3, 64, 1, 1}},
      {"out.bn.bias", {3}},
      {"fuse0.weight", {3, 6, 1, 1}},
      {"fuse0.bias", {3}},
  };
  for (const auto& [name, shape] : some) {
    ASSERT_TRUE(shapes.contains(name)) << name;
    EXPECT_EQ(shapes.at(name), shape) << name;
  }
}

/// What is linear rises as a line after a transposed convolution, away from the edge, and channels do not mix.
TEST(HdrcnnStart, EnlargesBilinearlyAndAdds) {
  Hdrcnn net(narrow);
  net.initialise(3, "hdrcnn");
  std::map<std::string, Tensor> values;
  for (const auto& [name, variable] : net.parameters()) values.emplace(name, variable.value());
  const Tensor& weight = values.at("up4.conv.weight");
  const std::int64_t inputs = weight.shape()[0], outputs = weight.shape()[1];
  Tensor slope(Shape{1, 6, 5, inputs}, DType::f32);
  for (std::int64_t i = 0; i < slope.numel(); ++i) {
    const std::int64_t c = i % inputs, x = i / inputs % 5, y = i / inputs / 5;
    slope.mutable_data<float>()[i] = static_cast<float>(c + 2 * x + 3 * y);
  }
  const NoGrad no_grad;
  const Tensor large = conv2d({.x = Variable(slope), .weight = Variable(weight)}, {.transposed = true}).value();
  for (std::int64_t y = 1; y < 11; ++y)
    for (std::int64_t x = 1; x < 9; ++x)
      for (std::int64_t c = 0; c < outputs; ++c) {
        const double at_x = (static_cast<double>(x) - 0.5) / 2, at_y = (static_cast<double>(y) - 0.5) / 2;
        EXPECT_NEAR(large.data<float>()[(y * 10 + x) * outputs + c], static_cast<double>(c) + 2 * at_x + 3 * at_y,
                    1e-5);
      }
  for (const auto& [name, value] : values) {
    if (!name.starts_with("fuse") || !name.ends_with(".weight")) continue;
    const std::int64_t channels = value.shape()[0];
    for (std::int64_t i = 0; i < value.numel(); ++i)
      ASSERT_EQ(value.data<float>()[i], i % (2 * channels) % channels == i / (2 * channels) ? 1.f : 0.f) << name;
  }
}

TEST(HdrcnnChain, SeesLittleAroundItsPixels) {
  const std::map<std::string, Footprint> found = footprints(HdrcnnModel(narrow).to_hdr());
  EXPECT_EQ(found.at("linearise"), (Footprint{}));
  EXPECT_EQ(found.at("mask"), (Footprint{}));
  EXPECT_EQ(found.at("HDRCNN down 1/1").scales, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(found.at("HDRCNN down, convolution 1 1/16").reach, 16);
  // A transposed 4x4 reads one pixel of the coarser level around, in blocks of 8 x 8.
  EXPECT_EQ(found.at("HDRCNN up 1/16"), (Footprint{.reach = 32, .align = 128, .scales = {16}}));
  EXPECT_EQ(found.at("HDRCNN up 1/1"), (Footprint{.reach = 2, .align = 8}));
  for (const auto& [name, footprint] : found) EXPECT_FALSE(footprint.global) << name;
}

TEST(HdrcnnEngine, TilesGiveTheBitsOfTheWholeImage) {
  for (const auto& [height, width] : {std::pair{150, 203}, std::pair{70, 1}, std::pair{33, 290}, std::pair{1, 1}}) {
    const Tensor image = picture(height, width);
    const auto result = [&](std::int64_t tile) {
      return Engine(random_model(), {.tile = tile}).ldr_to_hdr(image).pixels.to_vector<float>();
    };
    const std::vector<float> whole = result(EngineOptions::whole);
    for (const std::int64_t tile : {64, 96}) EXPECT_TRUE(result(tile) == whole) << height << " x " << width;
    EXPECT_TRUE(result(EngineOptions::automatic) == whole);
  }
}

TEST(HdrcnnEngine, EqualsThePlainChainAndItsDefinition) {
  const Tensor image = picture(64, 96);
  auto model = random_model();
  const Engine::Result result = Engine(random_model(), {}).ldr_to_hdr(image);
  model->freeze();
  const NoGrad inference;
  EXPECT_TRUE(forward(model->to_hdr(), Variable(image)).value().to_vector<float>() == result.pixels.to_vector<float>());

  const std::vector<float> logarithm = model->net()(Variable(image)).value().to_vector<float>();
  std::int64_t clipped = 0;
  for (std::int64_t i = 0; i < image.numel(); ++i) {
    const float* pixel = image.data<float>() + i / 3 * 3;
    const double brightest = static_cast<double>(std::max({pixel[0], pixel[1], pixel[2]}));
    const double mask = std::clamp((brightest - 0.95) / 0.05, 0.0, 1.0), code = static_cast<double>(pixel[i % 3]);
    const double light =
        std::max(std::exp(static_cast<double>(logarithm[static_cast<std::size_t>(i)])) - 1 / 255.0, 0.0);
    const double expected = (1 - mask) * code * code + mask * light;
    ASSERT_NEAR(result.pixels.data<float>()[i], expected, 1e-5 * (1 + light)) << i;
    if (i % 3 == 0) clipped += static_cast<float>(brightest) > 0.95f ? 1 : 0;
  }
  EXPECT_GT(clipped, 100);
  EXPECT_EQ(result.clipped, static_cast<double>(clipped) / (64 * 96));
}

TEST(HdrcnnEngine, LeavesWhatIsNotClippedAndComputesNothing) {
  const Tensor image = picture(150, 203, 0.9);
  const Engine::Result result = Engine(random_model(), {}).ldr_to_hdr(image);
  EXPECT_EQ(result.computed, 0);
  EXPECT_EQ(result.clipped, 0);
  EXPECT_TRUE(square(Variable(image)).value().to_vector<float>() == result.pixels.to_vector<float>());
}

TEST(HdrcnnFreeze, ChangesNothingInDouble) {
  auto model = random_model();
  static_cast<Module&>(*model).to(DType::f64);
  const NoGrad inference;
  const Variable image(picture(64, 96).to(DType::f64));
  const Tensor plain = model->net()(image).value();
  model->freeze();
  const Tensor frozen = model->net()(image).value();
  EXPECT_LT(normalised_square_error(frozen, plain), 1e-24);
  EXPECT_GT(normalised_square_error(frozen, plain), 0) << "nothing was rewritten";
}

TEST(HdrcnnModelFiles, GoThereAndBack) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "duhdr_hdrcnn_model";
  auto model = random_model();
  save_model(folder, *model, {.name = "test", .licence = "none"});
  const LoadedModel loaded = load_model(folder);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(loaded.model->family(), "hdrcnn");
  EXPECT_EQ(loaded.model->architecture(), model->architecture());
  const NoGrad no_grad;
  const Variable image(picture(20, 31));
  EXPECT_TRUE(forward(loaded.model->to_hdr(), image).value().to_vector<float>() ==
              forward(model->to_hdr(), image).value().to_vector<float>());
}

/// bf16 activations; the last layer stays f32, and its result is close to that in f32.
TEST(HdrcnnPrecision, MixedIsCloseToF32) {
  const Tensor image = picture(64, 64);
  const NoGrad inference;
  auto exact = random_model(), mixed = random_model();
  set_precision(*mixed, DType::bf16);
  mixed->freeze();
  const double error =
      normalised_square_error(mixed->net()(Variable(image)).value(), exact->net()(Variable(image)).value());
  EXPECT_LE(error, 1e-3);
  EXPECT_GT(error, 1e-12);  // bf16 was used at all
  for (const NamedVariable& parameter : mixed->parameters())
    if (parameter.name.starts_with("hdrcnn.fuse0.")) {
      EXPECT_EQ(parameter.variable.dtype(), DType::f32);
    }
}

TEST(HdrcnnConfigJson, GoesThereAndBack) {
  const auto read = [](const nlohmann::json& json) {
    return hdrcnn_config_from_json(JsonObject(json, "model.json", ExitCode::bad_weights));
  };
  EXPECT_EQ(read(to_json(HdrcnnConfig{})), HdrcnnConfig{});
  EXPECT_EQ(read(to_json(narrow)), narrow);
  for (const char* bad : {R"({"widths": [4, 4]})", R"({"widths": [4, 4, 4, 4, 0]})", R"({"width": [4, 4, 4, 4, 4]})"})
    EXPECT_THROW(read(nlohmann::json::parse(bad)), Error) << bad;
}

}  // namespace
}  // namespace duhdr::test
