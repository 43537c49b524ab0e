// SPDX-License-Identifier: Apache-2.0
// What a network costs and how it starts: parameters and operations at 512x512, names in weight files, start values,
// and that freezing changes nothing but the speed.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>

#include "kernels/op_counter.h"
#include "models/duhdr/duhdr.h"
#include "models/vgg16.h"
#include "tests/cases/network_golden.h"
#include "tests/cases/op_evaluate.h"
#include "tests/golden/fill.h"
#include "tests/support/golden_files.h"

namespace duhdr::test {
namespace {

DuHdrConfig config_of(Trunk trunk, Down down) {
  DuHdrConfig config;
  config.trunk = trunk;
  config.down = down;
  return config;
}

const DuHdrConfig usual = config_of(Trunk::resnet18, Down::rfb);
const DuHdrConfig plain_unet = [] {  // the refinement net of Liu et al. 2020
  DuHdrConfig config = config_of(Trunk::crfnet, Down::conv);
  config.middle = Middle::none;
  return config;
}();
const DuHdrConfig as_counted = config_of(Trunk::crfnet, Down::conv);  // the variant of the paper's Table 2

Variable meta_image(std::int64_t height = 512, std::int64_t width = 512, std::int64_t batch = 1) {
  return Variable(Tensor(Shape{batch, height, width, 3}, DType::f32, Device::meta()));
}

/// A model of the same structure with few channels: what is tested does not depend on their number.
DuHdrConfig narrow() {
  DuHdrConfig config;
  config.dnet_widths = {4, 4, 8, 8, 8};
  config.itnet_widths = {4, 8, 8, 8, 8};
  config.oonet_widths = {8, 8, 16, 16, 16};
  config.response_widths = {8, 8, 8, 16};
  return config;
}

/// GFLOP with three decimals, as the specification prints it.
template <class Run>
std::string gflop(const Run& run) {
  const NoGrad no_grad;
  const OpCounter counter;
  run();
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", counter.flop() / 1e9);
  return text;
}

template <class Network>
void on_meta(Network& network) {
  network.to(Device::meta());
}

TEST(Counts, Dnet) {
  Dnet net;
  EXPECT_EQ(net.parameter_count(), 1999779);
  on_meta(net);
  EXPECT_EQ(gflop([&] { net(meta_image()); }), "37.833");
}

TEST(Counts, ResponseNet) {
  for (const auto& [config, parameters, cost] :
       {std::tuple{usual, 11492619, "59.643"}, std::tuple{as_counted, 1200971, "54.274"}}) {
    ResponseNet net(config);
    EXPECT_EQ(net.parameter_count(), parameters);
    on_meta(net);
    EXPECT_EQ(gflop([&] { net.coefficients(meta_image()); }), cost);
  }
}

TEST(Counts, ITnet) {
  ITnet net;
  EXPECT_EQ(net.parameter_count(), 24569118);
  on_meta(net);
  EXPECT_EQ(gflop([&] { net(meta_image()); }), "320.052");
}

TEST(Counts, ITnetWithGains) {  // its first layer has a fourth channel: 64 kernels of 3 x 3
  ITnet net({.itnet_residual = Residual::gain});
  EXPECT_EQ(net.parameter_count(), 24569118 + 64 * 9);
  on_meta(net);
  EXPECT_EQ(gflop([&] { net(meta_image()); }), "320.354");
}

TEST(Counts, OOnet) {
  for (const auto& [config, parameters, cost] :
       {std::tuple{as_counted, 3046659, "39.359"}, std::tuple{usual, 2553479, "30.925"},
        std::tuple{plain_unet, 1266947, "37.883"}}) {
    OOnet net(config);
    EXPECT_EQ(net.parameter_count(), parameters);
    on_meta(net);
    EXPECT_EQ(gflop([&] { net(meta_image(), meta_image(), meta_image()); }), cost);
  }
}

TEST(Counts, BothChains) {
  for (const auto& [config, parameters, cost] :
       {std::tuple{usual, 40614995, "448.452"}, std::tuple{as_counted, 30816527, "451.517"}}) {
    DuHdr model(config);
    EXPECT_EQ(model.parameter_count() - model.nnet().parameter_count(), parameters);
    on_meta(model);
    EXPECT_EQ(gflop([&] { forward(model.to_hdr(), meta_image()); }), cost);
    EXPECT_EQ(gflop([&] { forward(*model.to_ldr(), meta_image()); }), gflop([&] { model.nnet()(meta_image()); }));
  }
}

TEST(Counts, CostGrowsWithBatchAndArea) {
  Dnet net;
  on_meta(net);
  EXPECT_EQ(gflop([&] { net(meta_image(256, 1024)); }), "37.833");
  EXPECT_EQ(gflop([&] { net(meta_image(256, 512, 2)); }), "37.833");
}

std::map<std::string, Shape> shapes_of(const Module& module, const std::string& prefix = {}) {
  std::map<std::string, Shape> shapes;
  for (const auto& list : {module.parameters(prefix), module.buffers(prefix)})
    for (const auto& [name, variable] : list)
      EXPECT_TRUE(shapes.emplace(name, variable.shape()).second) << name << " twice";
  return shapes;
}

struct Named {
  const char* name;
  Shape shape;
};

void expect_names(const std::map<std::string, Shape>& shapes, const std::vector<Named>& expected) {
  for (const auto& [name, shape] : expected) {
    const auto found = shapes.find(name);
    ASSERT_NE(found, shapes.end()) << name;
    EXPECT_EQ(found->second, shape) << name;
  }
}

TEST(Names, DefaultModel) {
  const std::map<std::string, Shape> shapes = shapes_of(DuHdr(usual));
  EXPECT_EQ(shapes.size(), 38u + 2 * 104 + 80 + 280);
  expect_names(shapes, {{"dnet.stem.0.weight", {16, 3, 7, 7}},
                        {"dnet.down1.1.bias", {32}},
                        {"dnet.up4.1.weight", {16, 32, 3, 3}},
                        {"dnet.head.weight", {3, 16, 3, 3}},
                        {"innet.trunk.conv1.weight", {64, 102, 7, 7}},
                        {"innet.trunk.layer1.0.bn1.running_var", {64}},
                        {"nnet.trunk.layer2.0.downsample.0.weight", {128, 64, 1, 1}},
                        {"nnet.trunk.layer4.1.conv2.weight", {512, 512, 3, 3}},
                        {"innet.fc.weight", {11, 512}},
                        {"innet.curve.mean", {1024}},
                        {"nnet.curve.basis", {1024, 11}},
                        {"itnet.encoder.conv5_3.weight", {512, 512, 3, 3}},
                        {"itnet.bottleneck.bn.running_mean", {512}},
                        {"itnet.up5.conv.weight", {64, 128, 3, 3}},
                        {"itnet.fuse1.weight", {512, 1024, 1, 1}},
                        {"itnet.out.conv.weight", {3, 64, 1, 1}},
                        {"itnet.fuse0.weight", {3, 6, 1, 1}},
                        {"oonet.stem.0.weight", {16, 9, 7, 7}},
                        {"oonet.down1.branch0.1.conv.weight", {4, 4, 3, 3}},
                        {"oonet.down4.branch2.3.bn.weight", {32}},
                        {"oonet.down2.fuse.conv.weight", {64, 24, 1, 1}},
                        {"oonet.down3.shortcut.bn.running_var", {128}},
                        {"oonet.ms_se.reduce.weight", {256, 128, 5, 5}},
                        {"oonet.ms_se.cu2.dw7.weight", {256, 1, 7, 7}},
                        {"oonet.ms_se.cu0.se.0.weight", {128, 256}},
                        {"oonet.ms_se.cu1.project.bias", {256}},
                        {"oonet.ms_se.out.weight", {128, 192, 1, 1}},
                        {"oonet.up1.0.weight", {128, 128, 3, 3}},
                        {"oonet.head.bias", {3}}});
  EXPECT_FALSE(shapes.contains("innet.trunk.conv1.bias"));
  EXPECT_FALSE(shapes.contains("oonet.ms_se.cu0.se.0.bias"));
  EXPECT_FALSE(shapes.contains("oonet.down1.shortcut.conv.bias"));
}

TEST(Names, ModelWithGains) {  // they are the default's, but for the mask that ITnet sees
  std::map<std::string, Shape> shapes =
      shapes_of(DuHdr({.itnet_residual = Residual::gain, .oonet_residual = Residual::gain}));
  Shape& first = shapes.at("itnet.encoder.conv1_1.weight");
  EXPECT_EQ(first, (Shape{64, 4, 3, 3}));
  first = Shape{64, 3, 3, 3};
  EXPECT_EQ(shapes, shapes_of(DuHdr(usual)));
}

TEST(Names, AsCountedModel) {
  const std::map<std::string, Shape> shapes = shapes_of(DuHdr(as_counted));
  EXPECT_EQ(shapes.size(), 38u + 2 * 95 + 80 + 76);
  expect_names(shapes, {{"innet.trunk.conv1.bias", {64}},
                        {"innet.trunk.layer1.0.downsample.1.weight", {256}},
                        {"innet.trunk.layer1.2.conv3.weight", {256, 64, 1, 1}},
                        {"nnet.trunk.layer2.0.conv1.weight", {128, 256, 1, 1}},
                        {"nnet.trunk.layer2.1.bn3.bias", {512}},
                        {"oonet.down1.0.weight", {32, 16, 5, 5}},
                        {"oonet.down4.1.bias", {128}}});
  EXPECT_FALSE(shapes.contains("innet.trunk.layer1.1.downsample.0.weight"));
}

TEST(Names, PerceptualNet) {
  const std::map<std::string, Shape> shapes = shapes_of(Vgg16Features(), "vgg16");
  EXPECT_EQ(shapes.size(), 14u);
  expect_names(shapes, {{"vgg16.conv1_1.weight", {64, 3, 3, 3}}, {"vgg16.conv3_3.bias", {256}}});
}

std::map<std::string, Tensor> values_of(const Module& module) {
  std::map<std::string, Tensor> values;
  for (const auto& [name, variable] : module.parameters()) values.emplace(name, variable.value());
  return values;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

void expect_all(const Tensor& tensor, float value, const std::string& name) {
  for (const float element : tensor.to_vector<float>()) ASSERT_EQ(element, value) << name;
}

TEST(Initialise, HeadsChangeNothing) {
  DuHdr model(narrow());
  model.initialise(7, "");
  const std::map<std::string, Tensor> values = values_of(model);
  for (const char* name : {"dnet.head", "oonet.head", "innet.fc", "nnet.fc", "itnet.fuse0"})
    expect_all(values.at(std::string(name) + ".weight"), 0, name);
  for (const char* name : {"dnet.head", "oonet.head", "innet.fc", "nnet.fc", "dnet.stem.0", "itnet.up1.conv"})
    expect_all(values.at(std::string(name) + ".bias"), 0, name);
  expect_all(values.at("itnet.fuse0.bias"), 0.01f, "itnet.fuse0");
  expect_all(values.at("innet.trunk.bn1.weight"), 1, "innet.trunk.bn1");
}

TEST(Initialise, FuseLayersAdd) {
  ITnet net(narrow());
  net.initialise(7, "itnet");
  const std::map<std::string, Tensor> values = values_of(net);
  for (int level = 1; level <= 5; ++level) {
    const std::string name = "fuse" + std::to_string(level);
    expect_all(values.at(name + ".bias"), 0, name);
    const Tensor& weight = values.at(name + ".weight");
    const std::int64_t channels = weight.shape()[0];
    ASSERT_EQ(weight.shape()[1], 2 * channels);
    for (std::int64_t o = 0; o < channels; ++o)
      for (std::int64_t i = 0; i < 2 * channels; ++i)
        ASSERT_EQ(weight.data<float>()[o * 2 * channels + i], i % channels == o ? 1.0f : 0.0f) << name;
  }
}

TEST(Initialise, DependsOnSeedAndNameAlone) {
  DuHdr first(narrow()), again(narrow()), other(narrow());
  first.initialise(7, "");
  again.initialise(1, "");
  again.initialise(7, "");
  other.initialise(8, "");
  const auto a = values_of(first), b = values_of(again), c = values_of(other);
  int differing = 0;
  for (const auto& [name, value] : a) {
    EXPECT_TRUE(same_bits(value, b.at(name))) << name;
    differing += same_bits(value, c.at(name)) ? 0 : 1;
  }
  EXPECT_GT(differing, 100);  // all weights that are drawn
  EXPECT_FALSE(same_bits(a.at("innet.trunk.conv1.weight"), a.at("nnet.trunk.conv1.weight")));

  ITnet alone(narrow());
  alone.initialise(7, "itnet");
  for (const auto& [name, value] : values_of(alone)) EXPECT_TRUE(same_bits(value, a.at("itnet." + name))) << name;
}

/// An untrained network gives its input, ITnet up to 0.01 of the mask.
TEST(Initialise, UntrainedNetworksChangeNothing) {
  const NoGrad no_grad;
  DuHdr model(narrow());
  model.initialise(7, "");
  Tensor image(Shape{1, 32, 64, 3}, DType::f32);
  golden::fill("image", {0, 1}, {image.mutable_data<float>(), static_cast<std::size_t>(image.numel())});
  const Variable x(image);
  EXPECT_TRUE(same_bits(model.dnet()(x).value(), image));
  EXPECT_TRUE(same_bits(model.oonet()(x, x, x).value(), image));
  const std::vector<float> before = image.to_vector<float>(), after = model.itnet()(x).value().to_vector<float>();
  for (std::size_t i = 0; i < before.size(); ++i) {
    ASSERT_GE(after[i], before[i]);
    ASSERT_LE(after[i], before[i] + 0.01001f);
  }

  DuHdrConfig config = narrow();
  config.itnet_residual = config.oonet_residual = Residual::gain;
  DuHdr gains(config);
  gains.initialise(7, "");
  EXPECT_TRUE(same_bits(gains.oonet()(x, x, x).value(), image));
  const std::vector<float> raised = gains.itnet()(x).value().to_vector<float>();
  for (std::size_t i = 0; i < before.size(); ++i) {
    ASSERT_GE(raised[i], before[i]);
    ASSERT_LE(raised[i], before[i] * 1.0233f);  // 10^0.01 = 1.02329
  }
}

/// Clipped light by five decades at most, light below the mask not at all.
TEST(ITnet, HoldsGainsToFiveDecades) {
  const NoGrad no_grad;
  DuHdrConfig config = narrow();
  config.itnet_residual = Residual::gain;
  ITnet net(config);
  net.initialise(7, "itnet");  // fuse0 gives its bias
  for (const NamedVariable& named : net.parameters())
    if (named.name == "fuse0.bias") Variable(named.variable).set_value(Tensor::full(Shape{3}, 7, DType::f32));
  Tensor image = Tensor::full(Shape{1, 32, 32, 3}, 0.9, DType::f32);
  for (int channel = 0; channel < 3; ++channel)
    image.mutable_data<float>()[channel] = 0.5f * static_cast<float>(channel);
  const std::vector<float> before = image.to_vector<float>(), after = net(Variable(image)).value().to_vector<float>();
  EXPECT_EQ(after[0], 0);
  EXPECT_NEAR(after[1], 0.5e5, 0.5);
  EXPECT_NEAR(after[2], 1e5, 1);
  for (std::size_t i = 3; i < before.size(); ++i) ASSERT_EQ(after[i], before[i]) << i;
}

/// Every network with random weights and running statistics, from the evaluation cases of the golden files; of each
/// chain one size.
class Freeze : public testing::TestWithParam<std::filesystem::path> {};

std::vector<std::filesystem::path> evaluation_files() {
  std::vector<std::filesystem::path> files = golden_files("networks");
  std::erase_if(files, [](const std::filesystem::path& file) {
    const GoldenCase golden_case = read_golden_case(file);
    const bool chain = golden_case.name.find("_to_") != std::string::npos;
    return golden_case.text("network") == "camera" || golden_case.trains() ||
           golden_case.options.value("iterations", 1) > 1 || (chain && !golden_case.name.ends_with("45x37_side32"));
  });
  return files;
}

INSTANTIATE_TEST_SUITE_P(Golden, Freeze, testing::ValuesIn(evaluation_files()),
                         [](const testing::TestParamInfo<std::filesystem::path>& file) {
                           return file.param.stem().string();
                         });

TEST_P(Freeze, KeepsTheResult) {
  const NoGrad no_grad;
  const GoldenCase golden_case = read_golden_case(GetParam());
  const GoldenSubject subject = golden_subject(golden_case);
  fill_module(*subject.module, subject.prefix);
  NamedVariables inputs;
  for (const auto& item : golden_case.inputs.items())
    inputs.emplace(item.key(), Variable(golden_input(golden_case, item.key())));
  const NamedVariables before = subject.run(inputs);
  subject.module->freeze();
  const NamedVariables after = subject.run(inputs);
  for (const auto& [name, value] : before) {
    if (name == "out" && golden_case.quantises()) continue;  // aux/n is the same before it becomes codes
    EXPECT_LE(normalised_square_error(after.at(name).value(), value.value()), 1e-10) << name;
  }
  EXPECT_THROW(subject.module->set_training(true), Error);
}

}  // namespace
}  // namespace duhdr::test
