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

// The receptive fields of the paper's networks, worked out by hand from their figures.
TEST(Footprints, AreThoseOfTheLayers) {
  const std::map<std::string, Footprint> found = footprints(DuHdr(small()).to_hdr());
  EXPECT_EQ(found.at("Dnet"), (Footprint{.reach = 118, .align = 16}));
  EXPECT_EQ(found.at("linearise"), (Footprint{}));
  EXPECT_EQ(found.at("mask"), (Footprint{}));
  EXPECT_EQ(found.at("ITnet"), (Footprint{.reach = 154, .align = 32}));
  EXPECT_EQ(found.at("OOnet down"), (Footprint{.reach = 156, .align = 16, .scale = 16}));
  EXPECT_EQ(found.at("OOnet up"), (Footprint{.reach = 108, .align = 16}));
  EXPECT_TRUE(found.at("INnet").global);
  EXPECT_EQ(found.at("INnet").scale, 0);  // a curve is no image
  EXPECT_TRUE(found.at("OOnet").global);
  EXPECT_TRUE(found.at("OOnet middle").global);
  EXPECT_EQ(found.at("OOnet middle").scale, 16);
  EXPECT_EQ(found.at("ITnet").halo(), 160);

  DuHdrConfig thrice = small();
  thrice.itnet_iterations = 3;  // C between the iterations sees 4 pixels, and blocks no longer meet the grid
  const std::int64_t reach = footprints(DuHdr(thrice).to_hdr()).at("ITnet").reach;
  EXPECT_GE(reach, 3 * 154 + 2 * 4);
  EXPECT_LE(reach, 3 * (154 + 4));

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
  EXPECT_FALSE(forward(model.to_hdr(), picture(32, 32), {"result"}).contains("mask"));
}

TEST(Chain, GivesEverythingInThePicturesSize) {
  DuHdr model(small());
  test::fill_module(model, "");
  const NoGrad inference;
  const Values values = forward(model.to_hdr(), picture(37, 45), {"result", "mask"});
  for (const char* name : {"image", "dequantised", "linear", "hdr", "result"})
    EXPECT_EQ(values.at(name).shape(), (Shape{1, 37, 45, 3})) << name;
  EXPECT_EQ(values.at("mask").shape(), (Shape{1, 37, 45, 1}));
  EXPECT_EQ(values.at("curve").shape(), (Shape{1, 1024}));
}

TEST(Chain, PartsMakeWhatThePassMakes) {
  for (const Down down : {Down::rfb, Down::conv}) {
    DuHdr model(small(down));
    test::fill_module(model, "");
    model.freeze();
    const NoGrad inference;
    Values values = forward(model.to_hdr(), picture(64, 96), {"result"});
    const Variable whole = values.at("result");
    for (const Pass& part : model.to_hdr().passes.back().parts) values[part.output] = part.run(inputs_of(part, values));
    EXPECT_EQ(values.at("result").value().to_vector<float>(), whole.value().to_vector<float>());
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
