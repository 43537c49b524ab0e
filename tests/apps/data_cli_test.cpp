// SPDX-License-Identifier: Apache-2.0
// duhdr-data as a user runs it: make, evaluation, check, list, and what goes wrong with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "data/evaluation_manifest.h"
#include "data/evaluation_set.h"
#include "image/encode.h"
#include "image/image.h"
#include "metrics/clipped_share.h"
#include "tests/support/cli_run.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Arguments = std::vector<std::string>;

class DataProgram : public testing::Test {
 protected:
  Outcome run(const Arguments& arguments, int code = 0) {
    const Outcome outcome = run_program_file("duhdr-data", arguments, {.folder = folder_.path()});
    EXPECT_EQ(outcome.code, code) << outcome.err;
    if (code != 0) {
      EXPECT_NE(outcome.err.find("error: "), std::string::npos);
    }
    return outcome;
  }
  Arguments make(const std::string& output, const Arguments& more = {}) {
    Arguments all{"make", "-o", output, "--from", "scenes"};
    for (const auto& [option, value] : {std::pair{"--count", "4"}, {"--size", "32"}})
      if (std::find(more.begin(), more.end(), option) == more.end()) all.insert(all.end(), {option, value});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    write_file(folder_ / name, std::as_bytes(std::span(text)));
  }
  /// `count` good HDR images in `name`.
  void write_images(const std::string& name, int count) {
    fs::create_directories(folder_ / name);
    for (int k = 0; k < count; ++k)
      write_file(folder_ / name / (std::to_string(k) + ".hdr"),
                 encode_hdr(Tensor::full({1, 40, 50, 3}, 1 + k, DType::f32)));
  }
  /// Light over six stops, every pixel different.
  static Tensor spread(std::int64_t height, std::int64_t width, std::uint64_t key) {
    const Philox draws(key, 5);
    Tensor out({1, height, width, 3}, DType::f32);
    for (std::int64_t i = 0; i < out.numel(); ++i)
      out.mutable_data<float>()[i] =
          static_cast<float>(std::exp2(6 * draws.uniform(static_cast<std::uint64_t>(i)) - 3));
    return out;
  }
  /// "scene 0.exr", ... in `name`, that can be photographed at every exposure.
  void write_scenes(const std::string& name, int count) {
    fs::create_directories(folder_ / name);
    for (int k = 0; k < count; ++k)
      write_file(folder_ / name / message("scene ", k, ".exr"),
                 encode_exr(spread(40, 50, static_cast<std::uint64_t>(k)), {.half = false}));
  }
  Arguments evaluation(const std::string& output, const Arguments& more = {}) {
    Arguments all{"evaluation", "-i", "images", "-o", output};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::map<std::string, std::string> contents(const std::string& name) { return contents_of(folder_ / name); }

  Scratch folder_{"data-cli"};
};

TEST_F(DataProgram, MakeCheckList) {
  const Outcome made = run(make("pairs", {"--json"}));
  const std::vector<std::string> lines = lines_of(made.out);
  ASSERT_EQ(lines.size(), 5u);
  const auto files = contents("pairs");
  EXPECT_EQ(files.size(), 9u);
  for (int k = 0; k < 4; ++k) {
    const json line = json::parse(lines[static_cast<std::size_t>(k)]);
    EXPECT_EQ(line.at("ldr_sha256"), files.at(line.at("ldr")));
    EXPECT_EQ(line.at("hdr_sha256"), files.at(line.at("hdr")));
    EXPECT_EQ(line.at("index"), k);
    const Image photograph = read_image(folder_ / "pairs" / std::string(line.at("ldr")));
    const Image light = read_image(folder_ / "pairs" / std::string(line.at("hdr")));
    EXPECT_EQ(photograph.format, "png");
    EXPECT_EQ(photograph.pixels.shape(), (Shape{1, 32, 32, 3}));
    EXPECT_EQ(light.pixels.shape(), photograph.pixels.shape());
  }
  EXPECT_EQ(json::parse(lines[4]).at("done"), 4);
  EXPECT_NE(run({"check", "pairs"}).err.find("paired:pairs: 4 pairs, 4 good, 0 bad"), std::string::npos);
  const json summary = json::parse(run({"check", "--json", "-q", "paired:pairs"}).out);
  EXPECT_EQ(summary.at("good"), 4);
  EXPECT_EQ(summary.at("w"), (json{32, 32}));
  EXPECT_EQ(lines_of(run({"list", "pairs", "hdr:pairs", "ldr:pairs", "pseudo:pairs"}).out).size(), 16u);
  EXPECT_NE(run({"check", "pseudo:pairs"}).err.find("pseudo:pairs: 4 files, 4 good, 0 bad"), std::string::npos);
  EXPECT_EQ(run({"make", "-o", "again", "--from", "pseudo:pairs", "--count", "2", "--size", "16"}).code, 0);
  EXPECT_EQ(contents("again").size(), 5u);
  for (const std::string& line : lines_of(run({"list", "--json", "pairs"}).out)) {
    EXPECT_TRUE(json::parse(line).at("ok"));
    EXPECT_EQ(json::parse(line).at("h"), 32);
  }
}

TEST_F(DataProgram, SameSeedSameBytes) {
  run(make("one"));
  run(make("two"));
  run(make("other", {"--seed", "2"}));
  run(make("kept-back", {"--split", "validation"}));
  const auto one = contents("one");
  EXPECT_EQ(one, contents("two"));
  for (const std::string folder : {"other", "kept-back"}) {
    const auto others = contents(folder);
    for (const auto& [name, sum] : one) EXPECT_NE(sum, others.at(name)) << folder << " " << name;
  }
}

TEST_F(DataProgram, Overwrite) {
  run(make("pairs", {"--count", "6"}));
  const auto before = contents("pairs");
  EXPECT_NE(run(make("pairs"), 2).err.find("holds pairs already"), std::string::npos);
  EXPECT_EQ(contents("pairs"), before);
  run(make("pairs", {"--if-exists", "overwrite", "--format", "hdr"}));
  const auto after = contents("pairs");
  EXPECT_EQ(after.size(), 9u);
  EXPECT_TRUE(after.contains("hdr/000003.hdr"));
  EXPECT_FALSE(after.contains("hdr/000003.exr") || after.contains("ldr/000005.png"));
}

TEST_F(DataProgram, FromHdrImages) {
  write_images("images", 3);
  run({"make", "-o", "pairs", "--from", "images", "--count", "2", "--size", "16", "--validation-share", "0"});
  EXPECT_EQ(contents("pairs").size(), 5u);
  EXPECT_NE(run({"check", "images"}).err.find("hdr:images: 3 files, 3 good, 0 bad"), std::string::npos);
}

TEST_F(DataProgram, DryRunWritesNothing) {
  EXPECT_EQ(run(make("pairs", {"--dry-run"})).out, "scenes -> pairs: 4 pairs\n");
  EXPECT_TRUE(contents_of(folder_.path()).empty());
  EXPECT_FALSE(fs::exists(folder_ / "pairs"));
}

TEST_F(DataProgram, Quiet) {
  const Outcome outcome = run(make("pairs", {"-q"}));
  EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(DataProgram, BadUsage) {
  write_images("images", 1);
  write("photographs/a.png", "no picture");
  const std::vector<Arguments> calls{
      {},
      {"mend"},
      {"make", "--from", "scenes"},
      {"make", "-o", "pairs"},
      {"make", "-o", "pairs", "--from", "files:images"},
      {"make", "-o", "pairs", "--from", "hdr:"},
      {"make", "-o", "pairs", "--from", "ldr:photographs"},
      {"make", "-o", "images/0.hdr", "--from", "scenes"},
      make("pairs", {"--count", "0"}),
      make("pairs", {"--size", "0"}),
      make("pairs", {"--seed", "-1"}),
      make("pairs", {"--split", "test"}),
      make("pairs", {"--format", "png"}),
      make("pairs", {"--exposure", "3..-3"}),
      make("pairs", {"--exposure", "nan"}),
      make("pairs", {"--exposure", "0..x"}),
      make("pairs", {"--jpeg-quality", "0..100"}),
      make("pairs", {"--jpeg-quality", "90.."}),
      make("pairs", {"--signal-noise", "-1"}),
      make("pairs", {"--if-exists", "skip"}),
      {"check"},
      {"list", "nonsense:images"},
  };
  for (const Arguments& arguments : calls) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    run(arguments, 2);
    EXPECT_FALSE(fs::exists(folder_ / "pairs"));
  }
}

// ------------------------------------------------------------------------------------------------------- evaluation

TEST_F(DataProgram, EvaluationSetIsCompleteAndDoesNotDependOnThreads) {
  write_scenes("images", 5);
  const Outcome made = run(evaluation("one", {"-j", "1", "--json"}));
  run(evaluation("four", {"-j", "4"}));
  run(evaluation("other", {"--seed", "2"}));
  const auto one = contents("one");
  EXPECT_EQ(one.size(), 22u);
  EXPECT_EQ(one, contents("four"));
  for (const auto& [name, sum] : contents("other")) {
    EXPECT_EQ(sum == one.at(name), name.ends_with(".exr")) << name;  // light does not depend on the seed
  }

  const std::vector<std::string> lines = lines_of(made.out);
  ASSERT_EQ(lines.size(), 11u);
  EXPECT_EQ(json::parse(lines[10]), (json{{"pairs", 10}, {"failed", 0}, {"sha256", one.at("evaluation.json")}}));
  const EvaluationSet set = open_evaluation_set(folder_ / "one");
  EXPECT_EQ(set.layout, "duhdr");
  EXPECT_EQ(set.sha256, one.at("evaluation.json"));
  ASSERT_EQ(set.pairs.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    const json line = json::parse(lines[i]);
    const double wanted = i % 2 == 0 ? 0.03 : 0.1;
    EXPECT_EQ(set.pairs[i].name, message("scene_", i / 2, i % 2 == 0 ? "_c03" : "_c10"));
    EXPECT_EQ(set.pairs[i].scene, message("scene_", i / 2));
    EXPECT_EQ(line.at("name"), set.pairs[i].name);
    EXPECT_NEAR(line.at("clipped"), wanted, 0.002);
    const Image photograph = read_image(set.pairs[i].ldr), light = read_image(set.pairs[i].hdr);
    EXPECT_EQ(photograph.format, "jpeg");
    EXPECT_EQ(light.format, "exr");
    EXPECT_EQ(photograph.pixels.shape(), (Shape{1, 40, 50, 3}));
    EXPECT_EQ(light.pixels.shape(), photograph.pixels.shape());
    EXPECT_EQ(set.pairs[i].inverse_curve.size(), 1024u);
    EXPECT_NEAR(clipped_share(light.pixels, 1.0 + 1e-3), wanted, 0.005);  // of the file, 16-bit floats
  }
}

TEST_F(DataProgram, EvaluationOptionsAreWhatIsDone) {
  write_scenes("images", 1);
  run(evaluation("pairs", {"--size", "32x16", "--clipped", "20", "--quality", "50"}));
  const auto manifest = read_evaluation_manifest(folder_ / "pairs/evaluation.json");
  ASSERT_EQ(manifest.pairs.size(), 1u);
  EXPECT_EQ(manifest.pairs[0].name, "scene_0_c20");
  EXPECT_EQ(manifest.pairs[0].quality, 50);
  EXPECT_EQ(manifest.pairs[0].source.path, "scene 0.exr");
  EXPECT_EQ(manifest.options.clipped, std::vector<std::int64_t>{20});
  EXPECT_EQ(read_image(folder_ / "pairs/ldr/scene_0_c20.jpg").pixels.shape(), (Shape{1, 16, 32, 3}));
}

TEST_F(DataProgram, EvaluationKeepsLightThatHalvesCannotHold) {
  Tensor lamp = spread(40, 50, 1);
  lamp.mutable_data<float>()[0] = 6e4f;  // of a scene whose clip level is about 1e-2
  for (std::int64_t i = 1; i < lamp.numel(); ++i) lamp.mutable_data<float>()[i] *= 1e-2f;
  fs::create_directories(folder_ / "images");
  write_file(folder_ / "images/lamp.exr", encode_exr(lamp));
  run(evaluation("pairs"));
  const Tensor light = read_image(folder_ / "pairs/hdr/lamp_c03.exr").pixels;
  EXPECT_GT(light.data<float>()[0], 1e5f);
}

TEST_F(DataProgram, EvaluationOverwrite) {
  write_scenes("images", 2);
  run(evaluation("pairs"));
  const auto before = contents("pairs");
  EXPECT_NE(run(evaluation("pairs"), 2).err.find("holds pairs already"), std::string::npos);
  EXPECT_NE(run(make("pairs", {"--if-exists", "overwrite"}), 2).err.find("pairs of another kind"), std::string::npos);
  EXPECT_EQ(contents("pairs"), before);
  fs::remove(folder_ / "images/scene 1.exr");
  run(evaluation("pairs", {"--if-exists", "overwrite"}));
  EXPECT_EQ(contents("pairs").size(), 6u);
}

TEST_F(DataProgram, EvaluationNamesWhatItCannotUse) {
  write_scenes("images", 2);
  write("images/broken.exr", "no picture");
  write_file(folder_ / "images/flat.hdr", encode_hdr(Tensor::full({1, 40, 50, 3}, 1, DType::f32)));
  const Outcome some = run(evaluation("pairs", {"--json"}), 9);
  EXPECT_NE(some.err.find("error: images/broken.exr: "), std::string::npos);
  EXPECT_NE(some.err.find("error: images/flat.hdr: no exposure clips 3 % of its pixels"), std::string::npos);
  EXPECT_EQ(json::parse(lines_of(some.out).back()).at("failed"), 2);
  EXPECT_EQ(open_evaluation_set(folder_ / "pairs").pairs.size(), 4u);
  write("bad/broken.exr", "no picture");
  run({"evaluation", "-i", "bad", "-o", "none"}, 3);
  EXPECT_FALSE(contents("none").contains("evaluation.json"));
}

TEST_F(DataProgram, EvaluationBadUsage) {
  write_scenes("images", 1);
  write("empty/readme.txt", "no picture");
  write_file(folder_ / "empty.exr", encode_exr(spread(8, 8, 1)));
  const std::vector<std::pair<Arguments, int>> calls{
      {{"evaluation"}, 2},
      {{"evaluation", "-i", "images"}, 2},
      {{"evaluation", "-o", "pairs"}, 2},
      {{"evaluation", "-i", "missing", "-o", "pairs"}, 6},
      {{"evaluation", "-i", "empty", "-o", "pairs"}, 3},
      {{"evaluation", "-i", "empty.exr", "-o", "pairs"}, 2},
      {{"evaluation", "-i", "images", "-o", "empty.exr"}, 2},
      {evaluation("pairs", {"--seed", "-1"}), 2},
      {evaluation("pairs", {"--seed", "1.5"}), 2},
      {evaluation("pairs", {"--size", "0"}), 2},
      {evaluation("pairs", {"--size", "10x"}), 2},
      {evaluation("pairs", {"--clipped", "0"}), 2},
      {evaluation("pairs", {"--clipped", "3,51"}), 2},
      {evaluation("pairs", {"--clipped", "3,,10"}), 2},
      {evaluation("pairs", {"--clipped", "3,3"}), 2},
      {evaluation("pairs", {"--clipped", ""}), 2},
      {evaluation("pairs", {"--quality", "0..90"}), 2},
      {evaluation("pairs", {"--quality", "90..80"}), 2},
      {evaluation("pairs", {"--signal-noise", "nan"}), 2},
      {evaluation("pairs", {"--if-exists", "skip"}), 2},
      {evaluation("pairs", {"-j", "-1"}), 2},
  };
  for (const auto& [arguments, code] : calls) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    run(arguments, code);
    EXPECT_FALSE(fs::exists(folder_ / "pairs"));
  }
  write_file(folder_ / "images/scene_0.exr", encode_exr(spread(8, 8, 1)));
  EXPECT_NE(run(evaluation("pairs"), 2).err.find("both would be the scene scene_0"), std::string::npos);
}

TEST_F(DataProgram, EvaluationDryRunAndFullDisk) {
  write_scenes("images", 2);
  EXPECT_EQ(run(evaluation("pairs", {"--dry-run"})).out, "images -> pairs: 2 scenes, 4 pairs\n");
  EXPECT_FALSE(fs::exists(folder_ / "pairs"));
  const Outcome full =
      run_program_file("duhdr-data", evaluation("pairs"), {.folder = folder_.path(), .file_size = 500});
  EXPECT_EQ(full.code, 6) << full.err;
  EXPECT_TRUE(contents("pairs").empty());
  const Outcome quiet = run(evaluation("pairs", {"-q"}));
  EXPECT_EQ(quiet.out + quiet.err, "");
}

TEST_F(DataProgram, MissingAndEmptyFolders) {
  run({"check", "missing"}, 6);
  run({"make", "-o", "pairs", "--from", "hdr:missing"}, 6);
  fs::create_directory(folder_ / "empty");
  run({"check", "hdr:empty"}, 3);
  run({"list", "empty"}, 3);
  EXPECT_FALSE(fs::exists(folder_ / "pairs"));
}

TEST_F(DataProgram, DamagedFiles) {
  write_images("images", 5);
  write("images/sub/broken.exr", "no picture");
  const Outcome some = run({"check", "images", "--json"}, 9);
  EXPECT_NE(some.err.find("error: images/sub/broken.exr: "), std::string::npos);
  EXPECT_EQ(json::parse(some.out).at("bad"), 1);
  EXPECT_EQ(lines_of(run({"list", "images", "--json"}, 9).out).size(), 6u);
  write("images/sub/worse.exr", "no picture");
  EXPECT_NE(run({"check", "images"}, 3).err.find("2 of 7 are unusable"), std::string::npos);
  write("bad/a.hdr", "no picture");
  run({"check", "hdr:bad"}, 3);
}

TEST_F(DataProgram, PairsThatDoNotMatch) {
  run(make("pairs"));
  write_file(folder_ / "pairs/hdr/000001.exr", encode_exr(Tensor::full({1, 32, 32, 3}, 1, DType::f32)));
  EXPECT_NE(run({"check", "pairs"}, 9).err.find("000001.exr: is not the file of the manifest"), std::string::npos);
  fs::remove(folder_ / "pairs/manifest.tsv");
  run({"check", "pairs"});
  write_file(folder_ / "pairs/hdr/000001.exr", encode_exr(Tensor::full({1, 32, 31, 3}, 1, DType::f32)));
  EXPECT_NE(run({"check", "pairs"}, 9).err.find("sizes of the pair differ (32x32, 31x32)"), std::string::npos);
}

TEST_F(DataProgram, InterruptLeavesWholeFilesAndNoManifest) {
  const Outcome outcome = run_program_file(
      "duhdr-data", {"make", "-o", "pairs", "--from", "scenes", "--count", "100000", "--size", "32", "-v"},
      {.folder = folder_.path(), .signal = SIGINT, .signal_after = "100000 pairs"});
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_NE(outcome.err.find("error: interrupted"), std::string::npos);
  const auto files = contents("pairs");
  EXPECT_FALSE(files.contains("manifest.tsv"));
  for (const auto& file : files)
    EXPECT_TRUE(file.first.ends_with(".png") || file.first.ends_with(".exr")) << file.first;
  if (!files.empty()) run({"check", "pairs"});
}

TEST_F(DataProgram, LostOutputIsAnError) {
  write_images("images", 1);
  for (const Arguments& arguments : {Arguments{"list", "images", "--json"},
                                     {"list", "images"},
                                     {"check", "images", "--json"},
                                     {"make", "--help"},
                                     make("pairs", {"--json"}),
                                     make("more", {"--dry-run"})})
    EXPECT_EQ(run_program_file("duhdr-data", arguments, {.folder = folder_.path(), .full_output = true}).code, 6)
        << testing::PrintToString(arguments);
}

TEST_F(DataProgram, FullDisk) {
  const Outcome outcome =
      run_program_file("duhdr-data", make("pairs", {"--size", "64"}), {.folder = folder_.path(), .file_size = 1000});
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_TRUE(contents("pairs").empty());
}

}  // namespace
}  // namespace duhdr::cli
