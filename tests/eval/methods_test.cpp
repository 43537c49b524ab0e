// SPDX-License-Identifier: Apache-2.0
// What can be evaluated, by its text on the command line.
#include "eval/methods.h"

#include "eval/sanity.h"
#include "infer/operator_method.h"
#include "operators/linearised.h"
#include "tests/eval/eval_files.h"
#include "tests/support/cli_files.h"

namespace duhdr {
namespace {

class MethodsTest : public EvalFolder {
 protected:
  static std::unique_ptr<EvaluatedMethod> method(const std::string& text, const EvaluationSet& set) {
    return make_method(text, set, {}, {}, [](const std::string& name) {
      return std::make_unique<OperatorMethod>(inverse_operator(name), Tensor(), 0);
    });
  }
  std::string path(const std::string& name) const { return (folder / name).string(); }
  void result(const std::string& name, float value) const {
    write_hdr(name, Tensor::full({1, 2, 2, 3}, value, DType::f32));
  }
  static float value_of(EvaluatedMethod& method, const EvaluationPair& pair) {
    return method.estimate(pair, {}).data<float>()[0];
  }
};

TEST_F(MethodsTest, Operators) {
  const EvaluationSet set = set_of(1);
  EXPECT_EQ(method("akyuz-2007", set)->name(), "akyuz-2007");
  EXPECT_NE(method("akyuz-2007", set)->description().find("Aky"), std::string::npos);
  EXPECT_EQ(method("mine=akyuz-2007", set)->name(), "mine");
  EXPECT_EQ(method("=akyuz-2007", set)->name(), "akyuz-2007");
  EXPECT_EQ(method("a\nb=srgb", set)->name(), "a\\x0ab");
  const LoadedPair loaded = load_pair(set.pairs[0]);
  EXPECT_EQ(method("srgb", set)->estimate(set.pairs[0], loaded).shape(), loaded.reference.shape());
  expect_error([&] { method("akyus-2007", set); }, ExitCode::usage, "akyuz-2007");
  expect_error([&] { method("mine=akyus-2007", set); }, ExitCode::usage, "no method \"akyus-2007\"");
  expect_error([&] { method("", set); }, ExitCode::usage, "no method");
  expect_error([&] { method("x\ny", set); }, ExitCode::usage, "no method");
  expect_error([&] { method(path("none"), set); }, ExitCode::io, "none: no such folder");
}

TEST_F(MethodsTest, WhatASetLacks) {
  EvaluationSet set = set_of(2);
  set.pairs[1].inverse_curve.clear();
  EXPECT_NO_THROW(method("srgb", set));
  for (const SanityRow& row : sanity_rows())
    expect_error([&] { method(std::string(row.name), set); }, ExitCode::usage, "and p1 has none");
  set.pairs[1].ldr.clear();
  for (const char* name : {"srgb", "true-curve", "a\nb=srgb"})
    expect_error([&] { method(name, set); }, ExitCode::usage, "needs photographs, and p1 has none");
}

TEST_F(MethodsTest, Results) {
  EvaluationSet set = set_of(3);
  set.pairs[0].name = "clip_95/p0";
  set.pairs[1].hdr = "references/C1_HDR.hdr";
  set.pairs[1].ldr = "photographs/C1_LDR.jpg";
  set.pairs[2].name = "another";
  result("out/clip_95/p0.pfm", 1);
  result("out/p0.pfm", 9);
  result("out/C1_LDR.pfm", 2);
  const auto results = method(path("out"), set);
  EXPECT_EQ(results->name(), "out");
  EXPECT_EQ(results->description(), "results in out");
  EXPECT_EQ(value_of(*results, set.pairs[0]), 1);  // its whole name before that of its picture
  EXPECT_EQ(value_of(*results, set.pairs[1]), 2);
  expect_error([&] { value_of(*results, set.pairs[2]); }, ExitCode::bad_image, "no result for another");
  expect_error([&] { results->identity(set.pairs[2]); }, ExitCode::bad_image, "no result for another");
  const std::string before = results->identity(set.pairs[1]);
  result("out/C1_LDR.pfm", 3);
  EXPECT_NE(results->identity(set.pairs[1]), before);
  EXPECT_EQ(make_results("x=" + path("out") + "/", set, {})->name(), "x");
  EXPECT_EQ(make_results(path("out") + "/", set, {})->name(), "out");
  result("out/C1_HDR.pfm", 4);
  write("out/C1_HDR.hdr", encode_hdr(light(2, 2)));
  expect_error([&] { make_results(path("out"), set, {}); }, ExitCode::usage, "two results of one name (C1_HDR");
}

TEST_F(MethodsTest, LimitsHoldForResultsToo) {
  const EvaluationSet set = set_of(1);
  result("out/p0.pfm", 1);
  ReadLimits limits;
  limits.pixels = 3;
  const auto results = make_results(path("out"), set, limits);
  expect_error([&] { value_of(*results, set.pairs[0]); }, ExitCode::bad_image, "p0.pfm");
}

TEST_F(MethodsTest, OneResultIsNotTakenForTwoPairs) {
  EvaluationSet set = set_of(2);
  for (const auto& [k, name] : {std::pair{0u, "clip_95/001"}, {1u, "clip_97/001"}}) {
    set.pairs[k].name = name;
    set.pairs[k].hdr = "reference/001.exr";
    set.pairs[k].ldr = std::string(name) + ".png";
  }
  result("out/001.pfm", 1);
  result("out/clip_97/001.pfm", 2);
  const auto results = make_results(path("out"), set, {});
  EXPECT_EQ(value_of(*results, set.pairs[1]), 2);
  expect_error([&] { value_of(*results, set.pairs[0]); }, ExitCode::bad_image, "no result for clip_95/001");
}

TEST_F(MethodsTest, FoldersWithEqualsSigns) {
  const EvaluationSet set = set_of(1);
  result("lr=1e-3/p0.pfm", 1);
  EXPECT_EQ(method(path("lr=1e-3"), set)->name(), "lr=1e-3");
  EXPECT_EQ(method("slow=" + path("lr=1e-3"), set)->name(), "slow");
}

TEST_F(MethodsTest, FoldersThatHoldNothing) {
  const EvaluationSet set = set_of(1);
  fs::create_directories(folder / "empty");
  expect_error([&] { method(path("empty"), set); }, ExitCode::bad_image, "neither a model (model.json) nor results");
  expect_error([&] { make_results(path("none"), set, {}); }, ExitCode::io, "none: cannot open");
  expect_error([&] { make_results("akyuz-2007", set, {}); }, ExitCode::io, "akyuz-2007: cannot open");
  write("photographs/p0.png", encode_png8(photograph_of(light(4, 4))));
  expect_error([&] { make_results(path("photographs"), set, {}); }, ExitCode::bad_image, "photographs: holds neither");
}

TEST_F(MethodsTest, Models) {
  EvaluationSet set = set_of(1);
  cli::write_tiny_model(folder / "model");
  const auto model = method(path("model"), set);
  EXPECT_EQ(model->name(), "tiny");
  EXPECT_NE(model->description().find("SHA-256 "), std::string::npos);
  EXPECT_EQ(method("m=" + path("model"), set)->name(), "m");
  const LoadedPair loaded = load_pair(set.pairs[0]);
  EXPECT_EQ(model->estimate(set.pairs[0], loaded).shape(), loaded.reference.shape());
  set.pairs[0].ldr.clear();
  expect_error([&] { method(path("model"), set); }, ExitCode::usage, "needs photographs");
  write("model/model.json", std::string("{"));
  expect_error([&] { method(path("model"), set_of(1)); }, ExitCode::bad_weights, "model.json");
}

TEST_F(MethodsTest, Linearised) {
  const Tensor curve = Tensor::of<float>(Shape{3}, std::vector<float>{0, 0.25f, 1});
  const Tensor codes = Tensor::of<float>(Shape{1, 1, 2, 3}, std::vector<float>{0, 0.25f, 0.5f, 0.75f, 1, 2});
  EXPECT_EQ(linear_by_curve(codes, curve).to_vector<float>(), (std::vector<float>{0, 0.125f, 0.25f, 0.625f, 1, 1}));
}

}  // namespace
}  // namespace duhdr
