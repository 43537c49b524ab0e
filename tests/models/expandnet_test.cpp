// SPDX-License-Identifier: Apache-2.0
// ExpandNet beside its golden values: what it costs, its names, its start, tiles, and the exposure of its result.
#include "models/expandnet/expandnet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "kernels/layout.h"
#include "kernels/op_counter.h"
#include "kernels/pointwise.h"
#include "models/expandnet/config_json.h"
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

/// With the vector of the whole image, a tile and its halo give the same bits inside the tile.
TEST(ExpandNetTiles, AreThePartsOfTheWhole) {
  const NoGrad no_grad;
  constexpr std::int64_t halo = ExpandNet::receptive_radius;
  ExpandNet net(narrow);
  fill_module(net, "expandnet");
  const Variable image(picture(70, 95));
  const Variable vector = net.global(image);
  const Tensor whole = net.local(image, vector).value();
  for (const std::int64_t side : {16, 37}) {
    for (std::int64_t top = 0; top < 70; top += side)
      for (std::int64_t left = 0; left < 95; left += side) {
        const std::int64_t bottom = std::min<std::int64_t>(top + side, 70),
                           right = std::min<std::int64_t>(left + side, 95);
        const std::int64_t first_row = std::max<std::int64_t>(0, top - halo),
                           first_column = std::max<std::int64_t>(0, left - halo);
        const std::int64_t rows = std::min<std::int64_t>(70, bottom + halo) - first_row;
        const std::int64_t columns = std::min<std::int64_t>(95, right + halo) - first_column;
        const Variable tile = net.local(crop(image, first_row, first_column, rows, columns), vector);
        const Tensor part = crop(tile, top - first_row, left - first_column, bottom - top, right - left).value();
        const Tensor expected = crop(Variable(whole), top, left, bottom - top, right - left).value();
        EXPECT_EQ(std::memcmp(part.raw(), expected.raw(), part.bytes()), 0) << side << ": " << top << ", " << left;
      }
  }
}

TEST(ExpandNetTiles, ReachNoFurtherThanTheRadius) {
  const NoGrad no_grad;
  constexpr std::int64_t radius = ExpandNet::receptive_radius, side = 2 * radius + 3, middle = radius + 1;
  ExpandNet net(narrow);
  fill_module(net, "expandnet");
  Tensor image = picture(side, side);
  const Variable vector = net.global(Variable(image));
  const Tensor before = net.local(Variable(image), vector).value();
  Tensor changed = image.clone();
  changed.mutable_data<float>()[(middle * side + middle) * 3] += 0.5f;
  const Tensor after = net.local(Variable(changed), vector).value();
  for (std::int64_t y = 0; y < side; ++y)
    for (std::int64_t x = 0; x < side; ++x) {
      const std::int64_t distance = std::max(std::abs(y - middle), std::abs(x - middle));
      const std::int64_t i = (y * side + x) * 3;
      const bool same = std::memcmp(before.data<float>() + i, after.data<float>() + i, 3 * sizeof(float)) == 0;
      if (distance > radius) {
        EXPECT_TRUE(same) << y << ", " << x;
      }
      if (distance == radius && std::abs(y - middle) == std::abs(x - middle)) {
        EXPECT_FALSE(same) << y << ", " << x;
      }
    }
}

TEST(ExpandNetPrecision, Bf16IsCloseAndTheVectorStaysF32) {
  const NoGrad no_grad;
  ExpandNet net(narrow);
  fill_module(net, "expandnet");
  const Variable image(picture(24, 31));
  const Tensor vector = net.global(image).value(), exact = net(image).value();
  net.set_precision(DType::bf16);
  net.freeze();
  const Tensor again = net.global(image).value(), rounded = net(image).value();
  EXPECT_EQ(std::memcmp(again.raw(), vector.raw(), vector.bytes()), 0);
  ASSERT_EQ(rounded.dtype(), DType::f32);
  double error = 0, largest = 0;
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    const double difference =
        static_cast<double>(rounded.data<float>()[i]) - static_cast<double>(exact.data<float>()[i]);
    error += difference * difference;
    largest = std::max(largest, std::abs(difference));
  }
  EXPECT_LE(std::sqrt(error / static_cast<double>(exact.numel())), 0.02);
  EXPECT_GT(largest, 0);  // bf16 was used at all
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
