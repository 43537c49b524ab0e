// SPDX-License-Identifier: Apache-2.0
// Model directories: what is saved is what is loaded, bit for bit; half-precision files; the description's round trip.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "models/duhdr/config_json.h"
#include "models/model_directory.h"
#include "models/weight_file.h"
#include "tests/golden/fill.h"
#include "tests/support/cli_files.h"
#include "tests/support/image_files.h"

namespace duhdr {
namespace {

using cli::Scratch;
using cli::tiny_config;
using cli::tiny_model;

std::map<std::string, Tensor> all_weights(const Model& model) {
  std::map<std::string, Tensor> all;
  for (const std::string& name : model.networks()) all.merge(weights_of(model.network(name), name));
  return all;
}

void expect_same_bits(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    ASSERT_TRUE(b.contains(name)) << name;
    const Tensor& other = b.at(name);
    ASSERT_EQ(tensor.shape(), other.shape()) << name;
    EXPECT_EQ(std::memcmp(tensor.raw(), other.raw(), tensor.bytes()), 0) << name;
  }
}

/// Every weight and running statistic away from its start, so that nothing is equal by being zero.
void fill(DuHdr& model) {
  for (const auto& list : {model.parameters(), model.buffers()})
    for (const NamedVariable& named : list) {
      if (named.name.find("curve.") != std::string::npos) continue;
      std::vector<float> values(static_cast<std::size_t>(named.variable.shape().numel()));
      std::vector<std::int64_t> shape;
      for (int axis = 0; axis < named.variable.shape().rank(); ++axis) shape.push_back(named.variable.shape()[axis]);
      golden::fill_parameter(named.name, shape, values);
      Variable(named.variable).set_value(Tensor::of<float>(named.variable.shape(), values));
    }
}

Variable picture() {
  std::vector<float> values;
  for (int i = 0; i < 45 * 37 * 3; ++i) values.push_back(std::min(1.f, static_cast<float>(i % 300) / 255));
  return Variable(Tensor::of<float>(Shape{1, 45, 37, 3}, values));
}

TEST(Model, RoundTripIsExact) {
  const Scratch folder("model");
  for (const Trunk trunk : {Trunk::resnet18, Trunk::crfnet})
    for (const Down down : {Down::rfb, Down::conv}) {
      DuHdrConfig config = tiny_config();
      config.trunk = trunk;
      config.down = down;
      config.middle = trunk == Trunk::crfnet ? Middle::none : Middle::ms_se;
      config.itnet_residual = trunk == Trunk::crfnet ? Residual::gain : Residual::add;
      config.oonet_residual = down == Down::conv ? Residual::gain : Residual::add;
      const auto model = tiny_model(config);
      const ModelCard card{.name = "n\"\xC3\xA9", .licence = "CC0-1.0", .provenance = {{"steps", 7}, {"x", {1, "a"}}}};
      save_model(folder / "m", *model, card);
      const std::map<std::string, std::string> files = cli::contents_of(folder.path());
      EXPECT_EQ(files.size(), 6u);
      const LoadedModel loaded = load_model(folder / "m");
      EXPECT_EQ(loaded.card.name, card.name);
      EXPECT_EQ(loaded.card.licence, card.licence);
      EXPECT_EQ(loaded.card.provenance, card.provenance);
      EXPECT_TRUE(loaded.model->architecture() == to_json(config));
      EXPECT_EQ(loaded.sha256.at("model.json"), files.at("m/model.json"));
      EXPECT_EQ(loaded.sha256.at("dnet"), files.at("m/dnet.safetensors"));
      expect_same_bits(all_weights(*model), all_weights(*loaded.model));

      save_model(folder / "m", *loaded.model, loaded.card);  // the same bytes again, over the old ones
      EXPECT_EQ(cli::contents_of(folder.path()), files);
    }
}

/// The tensors of a network's file in another type, written back, with the description's checksum.
void convert(const std::filesystem::path& model, const std::string& network, DType dtype) {
  const std::filesystem::path path = model / (network + ".safetensors");
  TensorFile file = read_safetensors(path);
  for (auto& [name, tensor] : file.tensors) tensor = tensor.to(dtype);
  write_safetensors(path, file.tensors);
  const Bytes text = read_file(model / "model.json", 1 << 20, ExitCode::internal);
  auto json = nlohmann::json::parse(reinterpret_cast<const char*>(text.data()),
                                    reinterpret_cast<const char*>(text.data()) + text.size());
  json["files"][network]["sha256"] = read_safetensors(path).sha256;
  cli::write(model / "model.json", json.dump());
}

TEST(Model, HalfPrecisionFilesAreRead) {
  const Scratch folder("model");
  for (const DType dtype : {DType::f16, DType::bf16}) {
    cli::write_tiny_model(folder / "m");
    for (const std::string& network : tiny_model()->networks()) convert(folder / "m", network, dtype);
    const auto loaded = all_weights(*load_model(folder / "m").model);
    std::map<std::string, Tensor> expected;
    for (const auto& [name, tensor] : all_weights(*tiny_model())) expected[name] = tensor.to(dtype).to(DType::f32);
    expect_same_bits(expected, loaded);
  }
}

TEST(Model, HalfKeepsEverythingButConvolutionsInF32) {
  const Scratch folder("model");
  const auto model = tiny_model();
  fill(*model);
  save_model(folder / "m", *model, {.name = "half", .licence = "CC0-1.0"}, StoredAs::f16);
  std::size_t halves = 0;
  for (const std::string& network : tiny_model()->networks())
    for (const auto& [name, tensor] :
         read_safetensors(folder / "m" / (std::string(network) + ".safetensors")).tensors) {
      const bool full = name.find("curve.") != std::string::npos || name.find(".fc.") != std::string::npos ||
                        name.find(".se.") != std::string::npos || name.find("bn") != std::string::npos ||
                        name.find("downsample.1") != std::string::npos || name.ends_with(".bias") ||
                        name.find("running_") != std::string::npos;
      EXPECT_EQ(tensor.dtype(), full ? DType::f32 : DType::f16) << name;
      halves += full ? 0 : 1;
    }
  EXPECT_GT(halves, 50u);

  std::map<std::string, Tensor> expected;
  for (const auto& [name, tensor] : all_weights(*model))
    expected[name] = tensor.shape().rank() == 4 ? tensor.to(DType::f16).to(DType::f32) : tensor;
  const LoadedModel loaded = load_model(folder / "m");
  expect_same_bits(expected, all_weights(*loaded.model));

  const auto files = cli::contents_of(folder.path());
  save_model(folder / "m", *loaded.model, loaded.card, StoredAs::f16);  // rounding once is rounding
  EXPECT_EQ(cli::contents_of(folder.path()), files);
}

TEST(Model, HalfRefusesWhatDoesNotFit) {
  const Scratch folder("model");
  const auto model = tiny_model();
  NamedVariable weight;
  for (const NamedVariable& named : model->dnet().parameters("dnet"))
    if (named.name == "dnet.stem.0.weight") weight = named;
  ASSERT_TRUE(weight.variable.defined());
  std::vector<float> values = weight.variable.value().to_vector<float>();
  for (const float edge : {65519.f, -65519.f}) {  // rounds to 65504
    values[3] = edge;
    weight.variable.set_value(Tensor::of<float>(weight.variable.shape(), values));
    save_model(folder / "fits", *model, {.name = "m", .licence = "none"}, StoredAs::f16);
  }
  values[3] = -65520.f;
  weight.variable.set_value(Tensor::of<float>(weight.variable.shape(), values));
  try {
    save_model(folder / "m", *model, {.name = "m", .licence = "none"}, StoredAs::f16);
    FAIL() << "an infinity was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_weights);
    EXPECT_NE(std::string(error.what()).find("dnet.stem.0.weight: element 3 does not fit 16 bits (-65520"),
              std::string::npos)
        << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "m"));
  save_model(folder / "m", *model, {.name = "m", .licence = "none"});  // in F32 it is an ordinary model
}

/// A safetensors file with one I64 entry more at its end.
Bytes with_counter(const std::map<std::string, Tensor>& tensors, const std::string& name) {
  const Bytes plain = encode_safetensors(tensors);
  std::uint64_t length = 0, data = 0;
  std::memcpy(&length, plain.data(), 8);
  data = plain.size() - 8 - length;
  std::string header(reinterpret_cast<const char*>(plain.data()) + 8, length);
  header = message(header.substr(0, header.rfind('}')), ",\"", name, R"(":{"dtype":"I64","shape":[],"data_offsets":[)",
                   data, ",", data + 8, "]}}");
  using files::operator+;
  return files::little(static_cast<std::int64_t>(header.size()), 8) + header +
         Bytes(plain.end() - static_cast<std::ptrdiff_t>(data), plain.end()) + files::little(-1, 8);
}

TEST(Model, BatchCountersAreIgnored) {
  const auto model = tiny_model();
  const std::map<std::string, Tensor> weights = weights_of(model->dnet(), "dnet");
  const TensorFile file = parse_safetensors(with_counter(weights, "dnet.bn.num_batches_tracked"), "w");
  EXPECT_EQ(file.tensors.size(), weights.size());
  const auto other = std::make_unique<DuHdr>(tiny_config());
  set_weights(other->network("dnet"), "dnet", file, "w");
  expect_same_bits(weights_of(other->dnet(), "dnet"), weights);

  auto counted = weights;  // in a type that is stored
  counted["dnet.bn.num_batches_tracked"] = Tensor::full(Shape{1}, 3, DType::f32);
  set_weights(other->network("dnet"), "dnet", parse_safetensors(encode_safetensors(counted), "w"), "w");
}

TEST(Model, FrozenEqualsUnfrozen) {
  const NoGrad inference;
  for (const Trunk trunk : {Trunk::resnet18, Trunk::crfnet})
    for (const Down down : {Down::rfb, Down::conv}) {
      DuHdrConfig config = tiny_config();
      config.trunk = trunk;
      config.down = down;
      const auto model = tiny_model(config);
      fill(*model);
      const auto run = [&] {
        std::vector<float> all = forward(model->to_hdr(), picture()).value().to_vector<float>();
        for (const float value : forward(*model->to_ldr(), picture()).value().to_vector<float>()) all.push_back(value);
        return all;
      };
      const std::vector<float> plain = run();
      model->freeze();
      const std::vector<float> frozen = run();
      ASSERT_EQ(plain.size(), frozen.size());
      const std::size_t light = plain.size() / 2;
      std::size_t codes_apart = 0;
      for (std::size_t i = 0; i < plain.size(); ++i) {
        ASSERT_TRUE(std::isfinite(plain[i]) && plain[i] >= 0) << i;
        if (i < light)
          ASSERT_NEAR(plain[i], frozen[i], 1e-5 * (1 + plain[i])) << i;
        else  // rounding may fall to either side of a step
          codes_apart += std::abs(plain[i] - frozen[i]) > 1e-6f ? 1 : 0;
      }
      EXPECT_LE(codes_apart, light / 1000);
    }
}

TEST(Model, DescriptionRoundTrip) {
  DuHdrConfig config;
  for (int round = 0; round < 2; ++round) {
    const nlohmann::json json = to_json(config);
    EXPECT_TRUE(config_from_json(JsonObject(json, "m", ExitCode::bad_weights)) == config);
    const nlohmann::json again = nlohmann::json::parse(json.dump());
    EXPECT_TRUE(config_from_json(JsonObject(again, "m", ExitCode::bad_weights)) == config);
    config = tiny_config();
    config.trunk = Trunk::crfnet;
    config.down = Down::conv;
    config.itnet_residual = config.oonet_residual = Residual::gain;
    config.itnet_encoder = Encoder::vgg16_bn;
    config.itnet_scale = 2;
    config.alpha = 0.1 + 0.2;  // not a short decimal number
    config.itnet_iterations = 16;
    config.response_max_side = 0;
  }
  nlohmann::json json = to_json(DuHdrConfig());
  for (const char* optional : {"widths", "middle", "itnet_residual", "itnet_encoder", "itnet_scale", "oonet_residual"})
    json.erase(optional);
  EXPECT_TRUE(config_from_json(JsonObject(json, "m", ExitCode::bad_weights)) == DuHdrConfig());
}

TEST(Model, DescriptionKnowsTwoResiduals) {
  for (const char* key : {"itnet_residual", "oonet_residual"}) {
    nlohmann::json json = to_json(DuHdrConfig());
    json[key] = "gain";
    const DuHdrConfig config = config_from_json(JsonObject(json, "m", ExitCode::bad_weights));
    EXPECT_EQ(config.itnet_residual == Residual::gain, key == std::string("itnet_residual"));
    EXPECT_EQ(config.oonet_residual == Residual::gain, key == std::string("oonet_residual"));
    EXPECT_EQ(to_json(config), json);
    json[key] = "product";
    try {
      (void)config_from_json(JsonObject(json, "m", ExitCode::bad_weights));
      ADD_FAILURE() << key << " \"product\" is not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_weights);
      EXPECT_NE(std::string(error.what()).find(key), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("product"), std::string::npos) << error.what();
    }
  }
}

TEST(Model, EveryWidthOfOneWorks) {  // the smallest that a description may ask for
  const Scratch folder("model");
  DuHdrConfig config = tiny_config();
  config.dnet_widths = config.itnet_widths = {1, 1, 1, 1, 1};
  config.oonet_widths = {1, 1, 1, 1, 2};
  config.response_widths = {1, 1, 1, 1};
  save_model(folder / "m", *tiny_model(config), {.name = "ones", .licence = "CC0-1.0"});
  const LoadedModel loaded = load_model(folder / "m");
  loaded.model->freeze();
  const NoGrad inference;
  for (const float value : forward(loaded.model->to_hdr(), picture()).value().to_vector<float>())
    ASSERT_TRUE(std::isfinite(value) && value >= 0);
}

}  // namespace
}  // namespace duhdr
