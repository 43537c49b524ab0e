// SPDX-License-Identifier: Apache-2.0
// Public VGG16 weights: both families of names, the conversion of torchvision's first layer, and files that do not fit.
#include "train/vgg_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "tensor/safetensors.h"
#include "tests/support/cli_run.h"

namespace duhdr {
namespace {

using Tensors = std::map<std::string, Tensor>;

constexpr std::array<std::int64_t, 3> widths{3, 4, 5};
constexpr std::int64_t side = 16;

struct Layer {
  const char *ours, *torchvision;
  std::int64_t in, out;
};
constexpr Layer layers[] = {{"conv1_1", "features.0", 3, 3},  {"conv1_2", "features.2", 3, 3},
                            {"conv2_1", "features.5", 3, 4},  {"conv2_2", "features.7", 4, 4},
                            {"conv3_1", "features.10", 4, 5}, {"conv3_2", "features.12", 5, 5},
                            {"conv3_3", "features.14", 5, 5}};

Tensor noise(Shape shape, std::uint64_t key, double lo = -0.5, double hi = 0.5) {
  const Philox draws(key, 4);
  Tensor out(shape, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] = static_cast<float>(lo + (hi - lo) * draws.uniform(static_cast<std::uint64_t>(i)));
  return out;
}

Tensors weights(bool torchvision) {
  Tensors out;
  std::uint64_t key = 1;
  for (const Layer& layer : layers) {
    const std::string name = torchvision ? layer.torchvision : std::string("vgg16.") + layer.ours;
    out[name + ".weight"] = noise({layer.out, layer.in, 3, 3}, key++);
    out[name + ".bias"] = noise({layer.out}, key++);
  }
  return out;
}

class VggWeights : public testing::Test {
 protected:
  void load(const Tensors& tensors) {
    write_safetensors(folder_ / "vgg.safetensors", tensors);
    load_vgg16(vgg_, folder_ / "vgg.safetensors");
  }
  void expect_refused(const Tensors& tensors, const std::string& part) {
    try {
      load(tensors);
      ADD_FAILURE() << "no error; expected: " << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_weights) << error.what();
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
  Tensor value(const std::string& name) const {
    for (const NamedVariable& named : vgg_.parameters("vgg16"))
      if (named.name == name) return named.variable.value();
    ADD_FAILURE() << name;
    return {};
  }

  const cli::Scratch folder_{"vgg"};
  Vgg16Features vgg_{widths};
};

TEST_F(VggWeights, OurNamesAreTakenAsTheyAre) {
  Tensors tensors = weights(false);
  tensors["vgg16.conv4_1.weight"] = noise({2, 2, 3, 3}, 50);  // later layers may be in the file
  load(tensors);
  for (const Layer& layer : layers)
    for (const char* part : {".weight", ".bias"}) {
      const std::string name = std::string("vgg16.") + layer.ours + part;
      EXPECT_EQ(value(name).to_vector<float>(), tensors.at(name).to_vector<float>()) << name;
    }
}

TEST_F(VggWeights, TorchvisionsLaterLayersAreTakenAsTheyAre) {
  Tensors tensors = weights(true);
  tensors["features.17.weight"] = noise({2, 2, 3, 3}, 50);
  tensors["classifier.0.bias"] = noise({2}, 51);
  load(tensors);
  for (const Layer& layer : layers)
    for (const char* part : {".weight", ".bias"})
      if (std::string(layer.ours) != "conv1_1") {
        EXPECT_EQ(value(std::string("vgg16.") + layer.ours + part).to_vector<float>(),
                  tensors.at(std::string(layer.torchvision) + part).to_vector<float>())
            << layer.ours << part;
      }
}

/// relu(bias + sum w (x - mean) / std) at one pixel, as torchvision's network computes it; padding is not met.
double torchvision_feature(const Tensors& tensors, const Tensor& image, std::int64_t y, std::int64_t x,
                           std::int64_t out) {
  constexpr double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  const float* weight = tensors.at("features.0.weight").data<float>();
  double sum = static_cast<double>(tensors.at("features.0.bias").data<float>()[out]);
  for (std::int64_t c = 0; c < 3; ++c)
    for (std::int64_t v = 0; v < 3; ++v)
      for (std::int64_t u = 0; u < 3; ++u) {
        const auto pixel = static_cast<double>(image.data<float>()[((y + v - 1) * side + x + u - 1) * 3 + c]);
        sum += static_cast<double>(weight[((out * 3 + c) * 3 + v) * 3 + u]) * (pixel - mean[c]) / deviation[c];
      }
  return std::max(0.0, sum);
}

/// The second layer hands the first one on, so that the network shows its first layer through pool1.
TEST_F(VggWeights, TorchvisionsFirstLayerIsConverted) {
  Tensors tensors = weights(true);
  Tensor& identity = tensors.at("features.2.weight");
  fill(identity, 0);
  for (std::int64_t c = 0; c < 3; ++c) identity.mutable_data<float>()[(c * 3 + c) * 9 + 4] = 1;
  fill(tensors.at("features.2.bias"), 0);
  load(tensors);
  const Tensor image = noise({1, side, side, 3}, 60, 0, 1);
  const Tensor pooled = vgg_(Variable(image)).front().value();
  ASSERT_EQ(pooled.shape(), (Shape{1, side / 2, side / 2, 3}));
  double largest = 0;
  for (std::int64_t y = 1; y < side / 2 - 1; ++y)
    for (std::int64_t x = 1; x < side / 2 - 1; ++x)
      for (std::int64_t c = 0; c < 3; ++c) {
        double expected = 0;
        for (const std::int64_t v : {0, 1})
          for (const std::int64_t u : {0, 1})
            expected = std::max(expected, torchvision_feature(tensors, image, 2 * y + v, 2 * x + u, c));
        largest = std::max(largest, expected);
        // Float: 27 products of up to 2 in sums of up to 10.
        EXPECT_NEAR(static_cast<double>(pooled.data<float>()[(y * side / 2 + x) * 3 + c]), expected, 2e-5);
      }
  EXPECT_GT(largest, 1);
}

TEST_F(VggWeights, WhatDoesNotFitIsRefused) {
  for (const bool torchvision : {false, true}) {
    const Tensors good = weights(torchvision);
    for (const Layer& layer : layers)
      for (const char* part : {".weight", ".bias"}) {
        const std::string name = (torchvision ? layer.torchvision : std::string("vgg16.") + layer.ours) + part;
        Tensors tensors = good;
        tensors.erase(name);
        expect_refused(tensors, torchvision && name == "features.0.weight" ? "vgg16.conv1_1" : layer.ours);
        tensors[name] = noise({7}, 1);
        expect_refused(tensors, layer.ours);
      }
  }
  expect_refused({}, "conv1_1");
  expect_refused({{"something", noise({3}, 1)}}, "conv1_1");
  EXPECT_THROW(load_vgg16(vgg_, folder_ / "none.safetensors"), Error);
  Vgg16Features real;  // 64, 128, 256: not those of this file
  write_safetensors(folder_ / "vgg.safetensors", weights(false));
  EXPECT_THROW(load_vgg16(real, folder_ / "vgg.safetensors"), Error);
}

}  // namespace
}  // namespace duhdr
