// SPDX-License-Identifier: Apache-2.0
// ExpandNet beside its golden values: what it costs, its names, its start, tiles, and the exposure of its result.
#include "models/expandnet/expandnet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "infer/engine.h"
#include "kernels/camera/exposure.h"
#include "kernels/op_counter.h"
#include "kernels/pointwise.h"
#include "models/expandnet/config_json.h"
#include "models/expandnet/expandnet_model.h"
#include "models/model_directory.h"
#include "models/precision.h"
#include "tests/golden/fill.h"
#include "tests/support/fill_module.h"

namespace duhdr::test {
namespace {

constexpr ExpandNetConfig narrow{.local_widths = {8, 16}, .dilated_width = 8, .global_width = 8, .fused_width = 16};

Tensor picture(std::int64_t height, std::int64_t width, std::int64_t images = 1) {
  Tensor image(Shape{images, height, width, 3}, DType::f32);
  golden::fill("expandnet/picture", {0, 1}, {image.mutable_data<float>(), static_cast<std::size_t>(image.numel())});
  return image;
}

TEST(ExpandNetCounts, AreThoseOfTheLiterature) {
  ExpandNet net;
  EXPECT_EQ(net.parameter_count(), 456899);
  net.to(Device::meta());
  const NoGrad no_grad;
  const OpCounter counter;
  net(Variable(Tensor(Shape{1, 512, 512, 3}, DType::f32, Device::meta())));
  // As written it takes 107.598 GFLOP at 512x512; the global part of the fusion once an image instead of at each pixel
  // saves 2 * 64 * 64 * (512 * 512 - 1).
  EXPECT_NEAR((counter.flop() + 2.0 * 64 * 64 * (512 * 512 - 1)) / 1e9, 107.598, 5e-4);
}

/// But for the last layer, end_net.1 there.
TEST(ExpandNetNames, AreThoseOfThePublishedWeights) {
  const std::map<std::string, Shape> published{
      {"local_net.0.0.weight", {64, 3, 3, 3}}, {"local_net.1.0.weight", {128, 64, 3, 3}},
      {"mid_net.0.0.weight", {64, 3, 3, 3}},   {"mid_net.1.0.weight", {64, 64, 3, 3}},
      {"mid_net.2.0.weight", {64, 64, 3, 3}},  {"mid_net.3.weight", {64, 64, 3, 3}},
      {"glob_net.0.0.weight", {64, 3, 3, 3}},  {"glob_net.1.0.weight", {64, 64, 3, 3}},
      {"glob_net.2.0.weight", {64, 64, 3, 3}}, {"glob_net.3.0.weight", {64, 64, 3, 3}},
      {"glob_net.4.0.weight", {64, 64, 3, 3}}, {"glob_net.5.0.weight", {64, 64, 3, 3}},
      {"glob_net.6.weight", {64, 64, 4, 4}},   {"end_net.0.0.weight", {64, 256, 1, 1}},
      {"head.weight", {3, 64, 1, 1}},
  };
  std::map<std::string, Shape> weights;
  std::size_t biases = 0;
  const ExpandNet net;
  for (const auto& [name, variable] : net.parameters())
    if (name.ends_with(".weight"))
      weights.emplace(name, variable.shape());
    else
      ++biases;
  EXPECT_EQ(weights, published);
  EXPECT_EQ(biases, published.size());
}

/// Uniform within 1 / sqrt(fan_in), biases too: all of it is used, and nothing beyond.
TEST(ExpandNetStart, IsUniformByFanIn) {
  ExpandNet net;
  net.initialise(3, "expandnet");
  std::map<std::string, Tensor> values;
  for (const auto& [name, variable] : net.parameters()) values.emplace(name, variable.value());
  for (const auto& [name, value] : values) {
    const std::string layer = name.substr(0, name.rfind('.'));
    const Shape weight = values.at(layer + ".weight").shape();
    const double bound = 1 / std::sqrt(static_cast<double>(weight[1] * weight[2] * weight[3]));
    double largest = 0, sum = 0;
    for (const float v : value.to_vector<float>()) {
      largest = std::max(largest, std::abs(static_cast<double>(v)));
      sum += static_cast<double>(v);
    }
    const auto count = static_cast<double>(value.numel());
    EXPECT_LE(largest, bound * 1.000001) << name;
    if (count >= 64) {
      EXPECT_GE(largest, 0.9 * bound) << name;
      EXPECT_LE(std::abs(sum / count), 4 * bound / std::sqrt(3 * count)) << name;
    }
  }
}

TEST(ExpandNetChain, SeesEightPixelsAndTheWholeOnce) {
  const std::map<std::string, Footprint> found = footprints(ExpandNetModel(narrow).to_hdr());
  EXPECT_TRUE(found.at("ExpandNet global").global);
  EXPECT_EQ(found.at("ExpandNet global").scales, std::vector<std::int64_t>{0});
  EXPECT_EQ(found.at("ExpandNet local"), (Footprint{.reach = 8}));  // four 3x3 with dilation 2
  EXPECT_TRUE(found.at("exposure").global);
  EXPECT_EQ(found.at("scale"), (Footprint{}));
  EXPECT_EQ(found.at("mask"), (Footprint{}));
}

std::unique_ptr<ExpandNetModel> random_model() {
  auto model = std::make_unique<ExpandNetModel>(narrow);
  fill_module(*model, "");
  return model;
}

TEST(ExpandNetEngine, TilesGiveTheBitsOfTheWholeImage) {
  for (const auto& [height, width] :
       {std::pair{150, 203}, std::pair{70, 1}, std::pair{70, 3}, std::pair{4, 70}, std::pair{70, 5}, std::pair{1, 1}}) {
    const Tensor image = picture(height, width);
    const auto result = [&](std::int64_t tile) {
      return Engine(random_model(), {.tile = tile}).ldr_to_hdr(image).pixels.to_vector<float>();
    };
    const std::vector<float> whole = result(EngineOptions::whole);
    for (const std::int64_t tile : {64, 96}) EXPECT_TRUE(result(tile) == whole) << height << " x " << width;
    EXPECT_TRUE(result(EngineOptions::automatic) == whole);
  }
}

TEST(ExpandNetEngine, EqualsThePlainChainAndItsDefinition) {
  const Tensor image = picture(45, 37);
  auto model = random_model();
  const Engine::Result result = Engine(random_model(), {}).ldr_to_hdr(image);
  model->freeze();
  const NoGrad inference;
  EXPECT_TRUE(forward(model->to_hdr(), Variable(image)).value().to_vector<float>() == result.pixels.to_vector<float>());

  const auto& net = dynamic_cast<const ExpandNet&>(model->network("expandnet"));
  const Variable estimate = net(Variable(image));
  const double ratio = exposure_ratio(Variable(image), estimate, net.curve()).value().item();
  EXPECT_NE(ratio, 1);
  const std::vector<float> expected = affine(estimate, ratio, 0).value().to_vector<float>();
  EXPECT_TRUE(result.pixels.to_vector<float>() == expected);

  std::int64_t clipped = 0;  // codes of 249 or more
  for (std::int64_t i = 0; i < image.numel(); i += 3) {
    const float* c = image.data<float>() + i;
    clipped += std::max({c[0], c[1], c[2]}) > 248.0f / 255 ? 1 : 0;
  }
  EXPECT_GT(clipped, 0);
  EXPECT_EQ(result.clipped, static_cast<double>(clipped) / (45 * 37));
}

TEST(ExpandNetEngine, HasNoWayBack) {
  Engine engine(random_model(), {});
  EXPECT_THROW((void)engine.hdr_to_ldr(picture(8, 8)), Error);
}

TEST(ExpandNetModelFiles, GoThereAndBack) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "duhdr_expandnet_model";
  auto model = random_model();
  save_model(folder, *model, {.name = "test", .licence = "none"});
  const LoadedModel loaded = load_model(folder);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(loaded.model->family(), "expandnet");
  EXPECT_EQ(loaded.model->architecture(), model->architecture());
  const NoGrad no_grad;
  const Variable image(picture(20, 31));
  EXPECT_TRUE(forward(loaded.model->to_hdr(), image).value().to_vector<float>() ==
              forward(model->to_hdr(), image).value().to_vector<float>());
}

TEST(ExpandNetModelCurves, ComeFromTheMeanInverseResponse) {
  ExpandNetModel model(narrow);
  Tensor mean = Tensor::full(Shape{1024}, 0.25, DType::f32), components = Tensor::zeros(Shape{1024, 2}, DType::f32);
  model.set_camera_curves({Tensor::zeros(Shape{1024}, DType::f32), components}, {mean, components});
  EXPECT_EQ(dynamic_cast<const ExpandNet&>(model.network("expandnet")).curve().value().to_vector<float>(),
            mean.to_vector<float>());
  const Tensor shorter = Tensor::zeros(Shape{7}, DType::f32);
  EXPECT_THROW(model.set_camera_curves({shorter, shorter}, {shorter, shorter}), Error);
}

/// bf16 activations; the last layer stays f32, and its result is close to that in f32.
TEST(ExpandNetPrecision, MixedIsCloseToF32) {
  const Tensor image = picture(24, 31);
  const Tensor exact = Engine(random_model(), {}).ldr_to_hdr(image).pixels;
  const Tensor mixed = Engine(random_model(), {.precision = DType::bf16}).ldr_to_hdr(image).pixels;
  double error = 0, square = 0;
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    const double value = static_cast<double>(exact.data<float>()[i]);
    error += std::pow(static_cast<double>(mixed.data<float>()[i]) - value, 2);
    square += value * value;
  }
  EXPECT_LE(error / square, 1e-3);
  EXPECT_GT(error / square, 1e-12);  // bf16 was used at all

  auto model = random_model();
  set_precision(*model, DType::bf16);
  model->freeze();
  for (const NamedVariable& parameter : model->parameters())
    if (parameter.name.starts_with("expandnet.head.")) {
      EXPECT_EQ(parameter.variable.dtype(), DType::f32);
    }
}

TEST(ExpandNetConfigJson, GoesThereAndBack) {
  const auto read = [](const nlohmann::json& json) {
    return expandnet_config_from_json(JsonObject(json, "model.json", ExitCode::bad_weights));
  };
  EXPECT_EQ(read(to_json(ExpandNetConfig{})), ExpandNetConfig{});
  EXPECT_EQ(read(to_json(narrow)), narrow);
  for (const char* changed : {R"({"curve_samples": 1})", R"({"curve": 4})", R"({"widths": {"local": [4]}})",
                              R"({"widths": {"dilated": 0}})", R"({"widths": {"deep": 3}})"}) {
    nlohmann::json json = to_json(narrow);
    json.merge_patch(nlohmann::json::parse(changed));
    EXPECT_THROW(read(json), Error) << changed;
  }
}

}  // namespace
}  // namespace duhdr::test
