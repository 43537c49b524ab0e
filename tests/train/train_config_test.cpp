// SPDX-License-Identifier: Apache-2.0
// Configurations of training: what is read, what is refused and with which words, and what identity() looks at.
#include "train/config.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "train/stages.h"

namespace duhdr {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json parsed(const std::string& text) { return parse_json(text, "c.json", ExitCode::usage); }
TrainConfig config_of(const std::string& text) { return parse_config(parsed(text), "c.json"); }

std::string error_of(const std::string& text) {
  try {
    (void)config_of(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  return "no error";
}

/// Everything differs from its default.
const char* const everything = R"({
  "format_version": 1, "name": "other", "seed": 9223372036854775807, "precision": "mixed",
  "model": {"trunk": "crfnet", "down": "conv", "middle": "none", "itnet_residual": "gain",
            "itnet_encoder": "vgg16_bn", "itnet_scale": 2,
            "oonet_residual": "gain", "curve_k": 5, "alpha": 0.9, "itnet_iterations": 2,
            "response_max_side": 0, "widths": {"dnet": [1, 2, 3, 4, 5], "itnet": [2, 3, 4, 5, 6],
            "oonet": [3, 4, 5, 6, 8], "response": [4, 5, 6, 7]}},
  "data": {"sources": ["hdr:a", "paired:b", "scenes"], "unpaired": ["ldr:c"], "validation": ["hdr:d"],
           "augment": false, "lights": 0.75, "validation_share": 0.25, "cache_mib": 3, "threads": 5,
           "camera": {"exposure_lo": -1.5, "exposure_hi": 2.5, "signal_noise": 0.25, "constant_noise": 0.125,
                      "jpeg_lo": 50, "jpeg_hi": 60, "exposure": "clipped", "clipped_lo": 0.01, "clipped_hi": 0.5,
                      "unclipped": 0.25, "white_balance": 0.5, "glare": 0.375, "blur": 0.625, "sharpen": 0.125,
                      "subsampling": 0.75, "srgb_like": 0.875}},
  "loss": {"dn_dual": 1.5, "dnm_dual": 2.5, "dnm_dn": 3.5, "perceptual": 4.5, "itn_dual": 5.5, "total_variation": 6.5,
           "curve": 7.5, "log": "l1", "refinement": "log_l1", "raw_perceptual": true, "itnet_iterations": 4,
           "literal": true, "dnm_clipped": "hard", "response": "log", "itnet_input": "chain",
           "highlights": {"log": 8.5, "structure": 9.5, "energy": 10.5, "gradient": 11.5, "colour": 12.5}},
  "adam": {"beta1": 0.5, "beta2": 0.75, "eps": 0.25, "clip_norm": 2, "ema_decay": 0.875},
  "perceptual": {"weights": "vgg.safetensors", "seed": 7, "widths": [3, 4, 5]},
  "validation": {"every": 11, "samples": 12, "patch": 64, "pictures": 2, "best_by": "structure"},
  "checkpoint": {"every": 13, "minutes": 2.5},
  "schedule": [{"stage": "finetune", "steps": 14, "batch": 15, "patch": 128, "view": [0.5, 1.0], "learning_rate": 0.5, "decay": "cosine",
                "end_factor": 0.25, "step_factor": 0.125, "step_every": 16, "warmup": 17, "running_statistics": true},
               {"stage": "dnet", "decay": "step"}]
})";

std::set<std::string> leaves_of(const json& value) {
  std::set<std::string> out;
  const json flat = value.flatten();
  for (const auto& item : flat.items()) out.insert(item.key());
  return out;
}

TEST(TrainConfig, AnEmptyObjectIsAllDefaults) {
  const TrainConfig config = config_of("{}");
  EXPECT_EQ(to_json(config), to_json(TrainConfig{}));
  EXPECT_EQ(config.model, default_spec());
  EXPECT_EQ(config.seed, 1u);
  EXPECT_EQ(config.precision, DType::f32);
  EXPECT_EQ(config.sources, std::vector<std::string>{"scenes"});
  EXPECT_TRUE(config.schedule.empty());
  EXPECT_EQ(config.loss.dn_dual, 10);
  EXPECT_EQ(config.loss.dnm_dual, 0.01);
  EXPECT_EQ(config.loss.dnm_dn, 0.005);
  EXPECT_EQ(config.loss.perceptual, 0.001);
  EXPECT_EQ(config.loss.itn_dual, 10);
  EXPECT_EQ(config.loss.itnet_iterations, 3);
  EXPECT_EQ(config.adam.beta1, 0.9);
  EXPECT_EQ(config.adam.beta2, 0.999);
  const StagePlan row = config_of(R"({"schedule": [{"stage": "dnet"}]})").schedule.at(0);
  EXPECT_EQ(row.batch, 8);
  EXPECT_EQ(row.patch, 256);
  EXPECT_EQ(row.learning_rate.at(7, 1000), 1e-4);
}

TEST(TrainConfig, EveryKeyIsReadAndWritten) {
  const json given = parsed(everything), written = to_json(config_of(everything));
  const json defaults = to_json(config_of(R"({"schedule": [{"stage": "dnet"}]})"));
  const json leaves = given.flatten();
  for (const auto& item : leaves.items()) {
    const json::json_pointer place(item.key());
    ASSERT_TRUE(written.contains(place)) << item.key();
    EXPECT_EQ(written.at(place), item.value()) << item.key();
  }
  // The text above has every key that there is, and with another value than the default.
  for (const std::string& leaf : leaves_of(defaults)) {
    if (leaf == "/format_version" || leaf.starts_with("/data/") || leaf == "/model/curve_samples" ||
        leaf == "/model/family")  // another family has other keys
      continue;
    EXPECT_NE(given.at(json::json_pointer(leaf)), defaults.at(json::json_pointer(leaf))) << leaf;
  }
  EXPECT_EQ(given.at("data").size(), defaults.at("data").size());
  EXPECT_EQ(given.at("data").at("camera").size(), defaults.at("data").at("camera").size());
}

TEST(TrainConfig, ParseOfItsJsonIsItself) {
  for (const char* text : {"{}", everything}) {
    const json once = to_json(config_of(text));
    EXPECT_EQ(to_json(parse_config(once, "once.json")), once);
    EXPECT_EQ(to_json(parse_config(parsed(once.dump(2)), "text.json")), once);
  }
}

TEST(TrainConfig, EveryConfigurationOfTheRepositoryIsGood) {
  int found = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(DUHDR_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path());
    ++found;
    const TrainConfig config = read_config(entry.path());
    EXPECT_FALSE(config.schedule.empty());
    EXPECT_EQ(to_json(parse_config(to_json(config), "again.json")), to_json(config));
  }
  EXPECT_GE(found, 3);
}

TEST(TrainConfig, EveryStageCanBeNamed) {
  EXPECT_EQ(all_stages().size(), 16u);
  for (const Stage& stage : all_stages()) {
    const json row{{"stage", std::string(stage.name)}};
    const json whole{{"model", {{"family", std::string(stage.family)}}}, {"schedule", json::array({row})}};
    EXPECT_EQ(parse_config(whole, "c.json").schedule.at(0).stage, stage.name);
  }
}

struct Bad {
  const char* text;
  std::vector<std::string> parts;  // of the message
};

const std::vector<Bad> bad_configurations{
    {R"({"schedule": [{"stage": "expandnet"}]})",
     {"schedule: stage expandnet is for models of the family expandnet, not duhdr"}},
    {R"({"model": {"family": "duhdrr"}})", {"model.family: no model family \"duhdrr\" (duhdr, expandnet, hdrcnn)"}},
    // unknown keys and the nearest known one
    {R"({"see": 1})", {"see", "\"seed\""}},
    {R"({"los": {}})", {"los", "\"loss\""}},
    {R"({"schedul": []})", {"schedul", "\"schedule\""}},
    {R"({"loss": {"dn_duel": 1}})", {"loss", "dn_duel", "\"dn_dual\""}},
    {R"({"data": {"camera": {"jpeg_low": 1}}})", {"data.camera", "jpeg_low", "\"jpeg_lo\""}},
    {R"({"adam": {"betta1": 0.9}})", {"adam", "\"beta1\""}},
    {R"({"validation": {"evry": 3}})", {"validation", "\"every\""}},
    {R"({"checkpoint": {"minute": 3}})", {"checkpoint", "\"minutes\""}},
    {R"({"perceptual": {"width": [1, 1, 1]}})", {"perceptual", "\"widths\""}},
    {R"({"model": {"trunc": "crfnet"}})", {"model", "trunc", "\"trunk\""}},
    {R"({"model": {"widths": {"dnett": [1, 1, 1, 1, 1]}}})", {"model.widths", "dnett", "\"dnet\""}},
    {R"({"schedule": [{"stage": "dnet"}, {"stage": "itnet", "learning_rat": 1}]})",
     {"schedule[1]", "learning_rat", "\"learning_rate\""}},
    {R"({"something_else": 1})", {"something_else"}},
    // types
    {R"([])", {"object"}},
    {R"({"seed": "1"})", {"seed", "found \"1\"", "whole number"}},
    {R"({"seed": 1.5})", {"seed", "1.5"}},
    {R"({"seed": -1})", {"seed", "-1"}},
    {R"({"seed": 18446744073709551615})", {"seed", "18446744073709551615"}},
    {R"({"name": 3})", {"name", "text"}},
    {R"({"loss": 3})", {"loss", "object"}},
    {R"({"loss": {"literal": 1}})", {"loss.literal", "true or false"}},
    {R"({"data": {"sources": "scenes"}})", {"data.sources"}},
    {R"({"data": {"sources": [1]}})", {"data.sources"}},
    {R"({"schedule": {"stage": "dnet"}})", {"schedule"}},
    {R"({"schedule": ["dnet"]})", {"schedule[0]"}},
    {R"({"model": 5})", {"model"}},
    {R"({"model": {"trunk": null}})", {"model.trunk"}},
    {R"({"schedule": [{"stage": "dnet", "steps": 10.0}]})", {"schedule[0].steps", "10.0"}},
    // ranges
    {R"({"format_version": 2})", {"format_version", "2"}},
    {R"({"precision": "f16"})", {"precision", "f32, mixed"}},
    {R"({"loss": {"log": "l3"}})", {"loss.log", "l2, l1"}},
    {R"({"loss": {"response": "l1"}})", {"loss.response", "l2, log"}},
    {R"({"loss": {"refinement": "l1"}})", {"loss.refinement", "l2, log_l1, log"}},
    {R"({"loss": {"highlights": 1}})", {"loss.highlights", "object"}},
    {R"({"loss": {"highlights": {"color": 1}}})", {"loss.highlights", "\"colour\""}},
    {R"({"loss": {"highlights": {"energy": -1}}})", {"loss.highlights.energy", "-1"}},
    {R"({"model": {"itnet_residual": "product"}})", {"model.itnet_residual", "add, gain"}},
    {R"({"model": {"oonet_residual": "sum"}})", {"model.oonet_residual", "add, gain"}},
    {R"({"loss": {"dnm_clipped": "soft"}})", {"loss.dnm_clipped", "known, process, hard"}},
    {R"({"model": {"middle": "se"}})", {"model.middle", "ms_se, none"}},
    {R"({"loss": {"dn_dual": -1}})", {"loss.dn_dual", "-1"}},
    {R"({"loss": {"itnet_iterations": 0}})", {"loss.itnet_iterations"}},
    {R"({"adam": {"beta1": 1}})", {"adam.beta1"}},
    {R"({"adam": {"eps": 0}})", {"adam.eps"}},
    {R"({"data": {"threads": 1000000}})", {"data.threads", "1024"}},
    {R"({"data": {"threads": 0}})", {"data.threads"}},
    {R"({"data": {"validation_share": 0.75}})", {"data.validation_share", "0.5"}},
    {R"({"data": {"camera": {"exposure_lo": 2, "exposure_hi": 1}}})", {"data.camera.exposure_lo"}},
    {R"({"data": {"camera": {"jpeg_lo": 95, "jpeg_hi": 90}}})", {"data.camera.jpeg_lo"}},
    {R"({"data": {"camera": {"jpeg_lo": 0, "jpeg_hi": 90}}})", {"data.camera.jpeg_lo", "quality 0"}},
    {R"({"data": {"camera": {"exposure": "median"}}})", {"data.camera.exposure", "median", "mean, clipped"}},
    {R"({"data": {"camera": {"clipped_lo": 0.2, "clipped_hi": 0.1}}})", {"data.camera.clipped_lo", "above clipped_hi"}},
    {R"({"data": {"camera": {"clipped_lo": 0}}})", {"data.camera.clipped_lo", "found 0", "1e-06 to 0.5"}},
    {R"({"data": {"camera": {"clipped_hi": 0.75}}})", {"data.camera.clipped_hi", "found 0.75"}},
    {R"({"data": {"camera": {"unclipped": 1.5}}})", {"data.camera.unclipped", "found 1.5", "from 0 to 1"}},
    {R"({"data": {"camera": {"white_balance": -1}}})", {"data.camera.white_balance", "found -1", "from 0 to 4"}},
    {R"({"data": {"camera": {"glare": 2}}})", {"data.camera.glare", "found 2"}},
    {R"({"data": {"camera": {"blur": -0.5}}})", {"data.camera.blur", "found -0.5"}},
    {R"({"data": {"camera": {"sharpen": true}}})", {"data.camera.sharpen", "found true"}},
    {R"({"data": {"camera": {"subsampling": "4:2:0"}}})", {"data.camera.subsampling", "4:2:0"}},
    {R"({"data": {"camera": {"srgb_like": 1.01}}})", {"data.camera.srgb_like", "found 1.01"}},
    {R"({"perceptual": {"widths": [1, 1]}})", {"perceptual.widths", "2 numbers, expected 3"}},
    {R"({"model": {"widths": {"oonet": [2, 2, 2, 2, 3]}}})", {"model.widths.oonet", "even"}},
    {R"({"validation": {"patch": 100}})", {"validation.patch", "multiple of 32"}},
    {R"({"validation": {"best_by": "psnr"}})", {"validation.best_by", "psnr", "pu21_psnr"}},
    {R"({"schedule": [{"stage": "dnet", "patch": 31}]})", {"schedule[0].patch", "31", "32"}},
    {R"({"schedule": [{"stage": "dnet", "patch": 100}]})", {"schedule[0].patch", "100", "multiple of 32"}},
    {R"({"model": {"itnet_scale": 2}, "schedule": [{"stage": "dnet", "patch": 96}]})", {"schedule", "96", "64"}},
    {R"({"model": {"itnet_scale": 3}})", {"model.itnet_scale", "3"}},
    {R"({"model": {"itnet_encoder": "vgg19"}})", {"model.itnet_encoder", "vgg16, vgg16_bn"}},
    {R"({"schedule": [{"stage": "dnet", "patch": 0}]})", {"schedule[0].patch"}},
    {R"({"schedule": [{"stage": "dnet", "view": 0.5}]})", {"schedule[0].view", "found 0.5", "an array of numbers"}},
    {R"({"schedule": [{"stage": "dnet", "view": [0.5]}]})", {"schedule[0].view", "1 numbers, expected 2"}},
    {R"({"schedule": [{"stage": "dnet", "view": [1, 0.5]}]})", {"schedule[0].view", "1 is above 0.5"}},
    {R"({"schedule": [{"stage": "dnet", "view": [0.5, 1.5]}]})",
     {"schedule[0].view", "element 1: found 1.5", "0.01 to 1"}},
    {R"({"schedule": [{"stage": "dnet", "view": [0, 1]}]})", {"schedule[0].view", "element 0: found 0"}},
    {R"({"schedule": [{"stage": "dnet", "batch": -1}]})", {"schedule[0].batch", "-1"}},
    {R"({"schedule": [{"stage": "dnet", "batch": 0}]})", {"schedule[0].batch"}},
    {R"({"schedule": [{"stage": "dnet", "steps": 9223372036854775808}]})", {"schedule[0].steps"}},
    {R"({"schedule": [{"stage": "dnet", "learning_rate": 2}]})", {"schedule[0].learning_rate", "2"}},
    {R"({"schedule": [{"stage": "dnet", "step_every": 0}]})", {"schedule[0].step_every"}},
    {R"({"schedule": [{"stage": "dnet", "decay": "linear"}]})", {"schedule[0].decay", "constant, cosine, step"}},
    // stages
    {R"({"schedule": [{}]})", {"schedule[0].stage"}},
    {R"({"schedule": [{"stage": "dnett"}]})", {"schedule[0].stage", "dnett", "dnet-joint", "oonet-unpaired"}},
    {R"({"schedule": [{"stage": ""}]})", {"finetune"}},
    // text
    {R"({"seed": 1, "seed": 2})", {"duplicate key \"seed\""}},
    {R"({"adam": {"eps": 1e999}})", {"overflow"}},
    {R"({"adam": {"eps": NaN}})", {"line 1"}},
};

TEST(TrainConfig, BadOnesAreRefusedWithTheirKey) {
  for (const Bad& bad : bad_configurations) {
    const std::string text = error_of(bad.text);
    EXPECT_TRUE(text.starts_with("c.json: ")) << bad.text << " gave: " << text;
    for (const std::string& part : bad.parts)
      EXPECT_NE(text.find(part), std::string::npos) << bad.text << " gave: " << text << "\nlacks: " << part;
  }
}

TEST(TrainConfig, FilesThatAreNone) {
  const auto code = [](const fs::path& path) {
    try {
      (void)read_config(path);
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::done;
  };
  EXPECT_EQ(code(fs::path(DUHDR_SOURCE_DIR) / "configs" / "none.json"), ExitCode::io);
  EXPECT_EQ(code(fs::path(DUHDR_SOURCE_DIR) / "configs"), ExitCode::usage);
  EXPECT_EQ(code(fs::path(DUHDR_SOURCE_DIR) / "CMakeLists.txt"), ExitCode::usage);
}

/// Another value that is allowed at this place.
json changed(const std::string& leaf, const json& value, const json& defaults) {
  const json::json_pointer place(leaf);
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_string()) return defaults.contains(place) ? defaults.at(place) : json("ldr:other");
  if (value.is_number_float()) return value.get<double>() / 2;
  if (leaf == "/seed") return value.get<std::int64_t>() - 1;
  if (leaf.ends_with("itnet_scale")) return 3 - value.get<std::int64_t>();
  return value.get<std::int64_t>() + (leaf.ends_with("patch") ? 64 : 2);
}

/// The keys whose change leaves identity() as it is.
std::set<std::string> ignored_keys(bool own_validation) {
  json base = to_json(config_of(everything));
  base["data"]["validation"] = {"hdr:own"};
  if (!own_validation) base["data"]["validation"] = json::array();
  const json defaults = to_json(config_of(R"({"schedule": [{"stage": "dnet"}, {"stage": "itnet"}]})"));
  std::set<std::string> ignored;
  for (const std::string& leaf : leaves_of(base)) {
    if (leaf == "/format_version" || leaf == "/model/family" || base[json::json_pointer(leaf)].is_array()) continue;
    json other = base;
    json& value = other[json::json_pointer(leaf)];
    value = changed(leaf, value, defaults);
    if (identity(parse_config(other, leaf)) == identity(parse_config(base, leaf))) ignored.insert(leaf);
  }
  return ignored;
}

TEST(TrainConfig, IdentityIgnoresWhatDoesNotDecideTheWeights) {
  std::set<std::string> expected{
      "/checkpoint/every",   "/checkpoint/minutes", "/data/cache_mib",   "/data/threads",        "/name",
      "/validation/best_by", "/validation/every",   "/validation/patch", "/validation/pictures", "/validation/samples"};
  EXPECT_EQ(ignored_keys(false), expected);
  expected.merge(std::set<std::string>{"/data/validation/0", "/data/validation_share"});
  EXPECT_EQ(ignored_keys(true), expected);
}

/// Runs that were begun before a key came can be continued, where the configuration does not name another value.
TEST(TrainConfig, ARunBegunBeforeAKeyCameIsTheSame) {
  const json saved = identity(config_of(R"({"schedule": [{"stage": "dnet"}]})"));
  const auto without = [&](const std::string& key) {
    json older = saved;
    const json::json_pointer place(key);
    EXPECT_TRUE(older.contains(place)) << key;
    older.at(place.parent_pointer()).erase(place.back());
    return identity(parse_config(older, "checkpoint"));
  };
  const std::map<std::string, std::string> keys{
      {"/model/family", R"({"model": {"family": "expandnet"}, "schedule": [{"stage": "expandnet"}]})"},
      {"/model/middle", R"({"model": {"middle": "none"}, "schedule": [{"stage": "dnet"}]})"},
      {"/model/itnet_scale", R"({"model": {"itnet_scale": 2}, "schedule": [{"stage": "dnet"}]})"},
      {"/loss/dnm_clipped", R"({"loss": {"dnm_clipped": "process"}, "schedule": [{"stage": "dnet"}]})"},
      {"/loss/highlights", R"({"loss": {"highlights": {"log": 1}}, "schedule": [{"stage": "dnet"}]})"},
      {"/data/lights", R"({"data": {"lights": 0.5}, "schedule": [{"stage": "dnet"}]})"},
      {"/data/camera/glare", R"({"data": {"camera": {"glare": 0.25}}, "schedule": [{"stage": "dnet"}]})"},
      {"/schedule/0/view", R"({"schedule": [{"stage": "dnet", "view": [0.5, 1]}]})"}};
  for (const auto& [key, other] : keys) {
    EXPECT_EQ(without(key), saved) << key;
    EXPECT_NE(without(key), identity(config_of(other))) << key;
  }
}

/// Sources of their own for validation: the split keeps nothing back, training sees all files.
TEST(TrainConfig, IdentitySeesThatTheSplitIsOff) {
  TrainConfig split = config_of("{}"), own = split, other = split;
  own.validation_sources = {"hdr:a"};
  other.validation_sources = {"hdr:b"};
  EXPECT_NE(identity(split), identity(own));
  EXPECT_EQ(identity(own), identity(other));
}

}  // namespace
}  // namespace duhdr
