// SPDX-License-Identifier: Apache-2.0
// Chains: what their passes see of a picture, which of them run, and what stays f32.
#include "models/chain.h"

#include <gtest/gtest.h>

#include "kernels/op_counter.h"
#include "models/duhdr/duhdr.h"
#include "models/precision.h"
#include "models/registry.h"
#include "tests/support/fill_module.h"

namespace duhdr {
namespace {

DuHdrConfig small(Down down = Down::rfb) {
  DuHdrConfig config;
  config.down = down;
  config.trunk = Trunk::crfnet;
  config.dnet_widths = config.itnet_widths = config.oonet_widths = {2, 2, 2, 2, 2};
  config.response_widths = {2, 2, 2, 2};
  config.response_max_side = 64;
  return config;
}

// The receptive fields of the levels of the paper's networks, worked out by hand from their figures.
TEST(Footprints, AreThoseOfTheLayers) {
  const std::map<std::string, Footprint> found = footprints(DuHdr(small()).to_hdr());
  const auto down = [](std::int64_t reach, std::int64_t scale) {
    return Footprint{.reach = reach, .align = 2 * scale, .scales = {scale, 2 * scale}};
  };
  const auto up = [](std::int64_t reach, std::int64_t scale) {
    return Footprint{.reach = reach, .align = 2 * scale, .scales = {scale}};
  };
  EXPECT_EQ(found.at("Dnet down 1/1"), down(3 + 3, 1));  // 7x7 twice
  EXPECT_EQ(found.at("Dnet down 1/2"), down(2 * (2 + 2), 2));
  EXPECT_EQ(found.at("Dnet down 1/8"), down(8 * (1 + 1), 8));
  EXPECT_EQ(found.at("Dnet bottom 1/16"), (Footprint{.reach = 16 * 2, .align = 16, .scales = {16}}));
  EXPECT_EQ(found.at("Dnet up 1/8"), up(32, 8));  // -2 ... 3 from the enlarged pixels -2 ... 2
  EXPECT_EQ(found.at("Dnet up 1/1"), up(4, 1));   // the head, too: -3 ... 4
  EXPECT_EQ(found.at("linearise"), (Footprint{}));
  EXPECT_EQ(found.at("mask"), (Footprint{}));
  EXPECT_EQ(found.at("ITnet down 1/1"), down(1 + 1, 1));
  EXPECT_EQ(found.at("ITnet down 1/2"), down(2 * (1 + 1), 2));
  EXPECT_EQ(found.at("ITnet down, convolution 2 1/16"), (Footprint{.reach = 16, .align = 16, .scales = {16}}));
  EXPECT_EQ(found.at("ITnet down 1/16"), down(16, 16));
  EXPECT_EQ(found.at("ITnet bottom 1/32"), (Footprint{.reach = 32, .align = 32, .scales = {32}}));
  const auto enlarged = [](std::int64_t reach, std::int64_t scale) {  // in blocks of 8 x 8
    return Footprint{.reach = reach, .align = 8 * scale, .scales = {scale}};
  };
  EXPECT_EQ(found.at("ITnet up 1/16"), enlarged(32, 16));
  EXPECT_EQ(found.at("ITnet up 1/1"), enlarged(2, 1));
  EXPECT_EQ(found.at("OOnet down 1/2"), down(2 * (1 + 1 + 3), 2));  // the third branch of RFB
  EXPECT_EQ(found.at("OOnet last down 1/16").scales, std::vector<std::int64_t>{16});
  EXPECT_TRUE(found.at("INnet").global);
  EXPECT_EQ(found.at("INnet").scales, std::vector<std::int64_t>{0});  // a curve is no image
  EXPECT_TRUE(found.at("OOnet bottom 1/16").global);
  EXPECT_EQ(found.at("OOnet bottom 1/16").scales, std::vector<std::int64_t>{16});
  EXPECT_EQ(found.at("OOnet up 1/1"), up(4, 1));
  EXPECT_EQ((Footprint{.reach = 154, .align = 32}).halo(), 160);

  const std::map<std::string, Footprint> back = footprints(*DuHdr(small()).to_ldr());
  EXPECT_EQ(back.at("truncate").reach, 4);
  EXPECT_TRUE(back.at("Nnet").global);
}

TEST(Footprints, NeedTheChainsAlignment) {
  DuHdr model(small());
  Chain chain = model.to_hdr();
  chain.alignment = 16;  // ITnet halves five times
  EXPECT_THROW((void)footprints(chain), Error);
}

Variable picture(std::int64_t h, std::int64_t w) {
  Tensor image(Shape{1, h, w, 3}, DType::f32);
  golden::fill("chain/picture", {0, 1}, {image.mutable_data<float>(), static_cast<std::size_t>(image.numel())});
  return Variable(image);
}

TEST(Chain, RunsOnlyWhatIsWanted) {
  DuHdr model(small());
  const NoGrad inference;
  const auto flop_for = [&](const std::set<std::string>& wanted) {
    const OpCounter counter;
    (void)forward(model.to_hdr(), picture(32, 32), wanted);
    return counter.flop();
  };
  EXPECT_EQ(flop_for({"image"}), 0);
  EXPECT_LT(flop_for({"dequantised"}), flop_for({"linear"}));
  EXPECT_EQ(flop_for({"linear"}), flop_for({"mask"}));
  EXPECT_LT(flop_for({"hdr"}), flop_for({"result"}));
  const Values values = forward(model.to_hdr(), picture(32, 32), {"result"});
  EXPECT_EQ(values.size(), 1u);
  EXPECT_TRUE(values.contains("result"));
}

TEST(Chain, GivesEverythingInThePicturesSize) {
  DuHdr model(small());
  test::fill_module(model, "");
  const NoGrad inference;
  const Values values =
      forward(model.to_hdr(), picture(37, 45), {"image", "dequantised", "curve", "linear", "hdr", "result", "mask"});
  for (const char* name : {"image", "dequantised", "linear", "hdr", "result"})
    EXPECT_EQ(values.at(name).shape(), (Shape{1, 37, 45, 3})) << name;
  EXPECT_EQ(values.at("mask").shape(), (Shape{1, 37, 45, 1}));
  EXPECT_EQ(values.at("curve").shape(), (Shape{1, 1024}));
}

TEST(Chain, PassesAreTheNetworks) {
  DuHdrConfig thrice = small();
  thrice.itnet_iterations = 3;
  DuHdrConfig plain = small();
  plain.middle = Middle::none;
  for (const DuHdrConfig& config : {small(Down::rfb), small(Down::conv), thrice, plain}) {
    DuHdr model(config);
    test::fill_module(model, "");
    const NoGrad inference;
    const Variable image = picture(64, 96);
    const Values values = forward(model.to_hdr(), image, {"dequantised", "linear", "hdr", "result"});
    const Variable n = values.at("dequantised"), linear = values.at("linear"), hdr = values.at("hdr");
    const auto same = [](const Variable& a, const Variable& b) {
      return a.value().to_vector<float>() == b.value().to_vector<float>();
    };
    EXPECT_TRUE(same(n, model.dnet()(image)));
    EXPECT_TRUE(same(hdr, model.itnet()(linear, config.itnet_iterations)));
    EXPECT_TRUE(same(values.at("result"), model.oonet()(hdr, linear, n)));
  }
}

TEST(Chain, FreezingChangesNothingInDouble) {
  for (const Down down : {Down::rfb, Down::conv}) {
    DuHdrConfig config = small(down);
    config.alpha = 0.05;  // ITnet counts nearly everywhere
    config.itnet_widths = {4, 3, 2, 2, 2};
    config.oonet_widths = {3, 16, 16, 8, 4};
    DuHdr model(config);
    test::fill_module(model, "");
    static_cast<Module&>(model).to(DType::f64);
    const NoGrad inference;
    const Variable image(picture(64, 96).value().to(DType::f64));
    const std::vector<double> plain = forward(model.to_hdr(), image).value().to_vector<double>();
    model.freeze();
    const std::vector<double> frozen = forward(model.to_hdr(), image).value().to_vector<double>();
    double error = 0, power = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      error += (frozen[i] - plain[i]) * (frozen[i] - plain[i]);
      power += plain[i] * plain[i];
    }
    EXPECT_LT(error, 1e-24 * power);
    EXPECT_GT(error, 0) << "nothing was rewritten";
  }
}

TEST(Precision, LeavesTheNamedPartsInF32) {
  DuHdr model(small());
  Module& as_module = model;
  set_precision(as_module, DType::bf16);
  model.freeze();
  int short_weights = 0;
  for (const NamedVariable& parameter : model.parameters()) {
    const std::string& name = parameter.name;
    const bool f32 = name.starts_with("innet.") || name.starts_with("nnet.") || name.ends_with(".bias") ||
                     name.starts_with("dnet.head.") || name.starts_with("oonet.head.") ||
                     name.starts_with("itnet.fuse0.") || name.find(".bn.") != std::string::npos ||
                     name.find(".se.") != std::string::npos;
    EXPECT_EQ(parameter.variable.dtype(), f32 ? DType::f32 : DType::bf16) << name;
    short_weights += f32 ? 0 : 1;
  }
  EXPECT_GT(short_weights, 50);
}

TEST(Registry, MakesWhatItDescribes) {
  for (const ModelFamily& family : model_families()) {
    ASSERT_FALSE(family.variants().empty()) << family.name;
    const ConstructOn nowhere(Device::meta());
    for (const nlohmann::json& variant : family.variants()) {
      const std::unique_ptr<Model> model = make_model({std::string(family.name), variant});
      EXPECT_EQ(model->family(), family.name);
      EXPECT_EQ(model->architecture(), variant);
      for (const std::string& network : model->networks()) EXPECT_GT(model->network(network).parameter_count(), 0);
    }
  }
  EXPECT_THROW((void)model_family("duhdrr"), Error);
}

}  // namespace
}  // namespace duhdr
