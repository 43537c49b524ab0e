// SPDX-License-Identifier: Apache-2.0
// duhdr-train as a user runs it, and as machines treat it: killed at any moment, interrupted, continued; bad calls; bad
// images; what it leaves behind.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "base/random.h"
#include "data/augment.h"
#include "image/encode.h"
#include "tests/support/cli_files.h"
#include "tests/support/train_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Arguments = std::vector<std::string>;
using Files = std::map<std::string, std::string>;

class TrainProgram : public testing::Test {
 protected:
  void SetUp() override { write_config("tiny.json", tiny_training()); }

  void write_config(const std::string& name, const Json& json) const { write(folder_ / name, json.dump()); }
  Outcome call(Arguments arguments, RunOptions options = {}) const {
    arguments.insert(arguments.end(), {"-d", "cpu", "-j", "1"});
    options.folder = folder_.path();
    return run_program_file("duhdr-train", arguments, options);
  }
  Outcome expect(int code, const Arguments& arguments, const std::string& part = "") const {
    Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err << "\nlacks: " << part;
    if (code != 0 && !outcome.err.empty()) {
      EXPECT_TRUE(lines_of(outcome.err).back().starts_with("error: ")) << outcome.err;
    }
    return outcome;
  }
  Files model(const std::string& run) const { return contents_of(folder_ / run / "model"); }
  /// `good` HDR images and `bad` files that only look like some.
  void write_images(const std::string& name, int good, int bad) const {
    fs::create_directories(folder_ / name);
    for (int k = 0; k < good + bad; ++k) {
      const Philox draws(static_cast<std::uint64_t>(k), 3);
      Tensor light(Shape{1, 40, 40, 3}, DType::f32);
      for (std::int64_t i = 0; i < light.numel(); ++i)
        light.mutable_data<float>()[i] = static_cast<float>(draws.uniform(static_cast<std::uint64_t>(i)) + 0.1);
      Bytes bytes = encode_pfm(light);
      if (k < bad) bytes.resize(bytes.size() / 2);
      write(folder_ / name / message("image", 100 + k, ".pfm"), bytes);
    }
  }

  const Scratch folder_{"train-cli"};
};

// ------------------------------------------------------------------------------------------------- stopped and
// continued

Json longer_training() {
  Json json = tiny_training();
  json["checkpoint"]["every"] = 3;
  json["validation"]["every"] = 20;
  for (Json& row : json["schedule"]) row["steps"] = 40;
  return json;
}

TEST_F(TrainProgram, KilledTwentyTimesItEndsInTheSameBits) {
  constexpr int wanted_kills = 20;
  write_config("longer.json", longer_training());
  const Outcome whole = expect(0, {"-c", "longer.json", "-o", "whole", "-q"});
  const Files expected = model("whole");
  const Philox draws(20, 6);
  int kills = 0, runs = 0, starts = 0;
  while (kills < wanted_kills && starts < 200) {
    const std::string run = message("run", runs);
    RunOptions options;
    options.signal = SIGKILL;
    options.signal_at_s = draws.uniform(static_cast<std::uint64_t>(starts++)) * std::max(0.3, whole.wall_s / 4);
    const Outcome outcome = call({"-c", "longer.json", "-o", run, "-q", "--resume", "auto"}, options);
    if (outcome.signal == SIGKILL) {
      ++kills;
      continue;
    }
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    ASSERT_EQ(model(run), expected) << "after " << kills << " kills";
    ++runs;
  }
  EXPECT_EQ(kills, wanted_kills);
  const std::string last = message("run", runs);
  expect(0, {"-c", "longer.json", "-o", last, "-q", "--resume", "auto"});
  EXPECT_EQ(model(last), expected);
  EXPECT_EQ(contents_of(folder_ / last / "checkpoints").size(), 2u);
  for (const auto& [name, sum] : contents_of(folder_ / last)) EXPECT_FALSE(name.ends_with(".tmp")) << name;
  std::printf("%d kills in %d starts, %d runs; an uninterrupted one takes %.1f s\n", kills, starts, runs + 1,
              whole.wall_s);
}

TEST_F(TrainProgram, ASignalIsSavedAndTold) {
  write_config("longer.json", longer_training());
  expect(0, {"-c", "longer.json", "-o", "whole", "-q"});
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    const std::string run = message("run", signal);
    RunOptions options;
    options.signal = signal;
    options.signal_after = "stage 2 of 3";
    const Outcome outcome = call({"-c", "longer.json", "-o", run}, options);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_NE(outcome.err.find("continue with --resume auto"), std::string::npos) << outcome.err;
    EXPECT_LT(outcome.wall_s, sanitized() ? 120 : 30);
    EXPECT_FALSE(fs::exists(folder_ / run / "model"));
    const Outcome rest = expect(0, {"-c", "longer.json", "-o", run, "--resume", "auto"}, "continued after step");
    EXPECT_EQ(rest.err.find("stage 1 of 3"), std::string::npos) << "nothing is done twice";
    EXPECT_EQ(model(run), model("whole"));
  }
}

TEST_F(TrainProgram, SignalsBeforeTheFirstStep) {
  for (const double moment : {0.0, 0.02, 0.05}) {
    RunOptions options;
    options.signal = SIGTERM;
    options.signal_at_s = moment;
    const Outcome outcome = call({"-c", "tiny.json", "-o", "run", "--resume", "auto"}, options);
    EXPECT_TRUE(outcome.code == 143 || outcome.signal == SIGTERM || outcome.code == 0) << outcome.err;
  }
  expect(0, {"-c", "tiny.json", "-o", "run", "--resume", "auto"});
  expect(0, {"-c", "tiny.json", "-o", "whole"});
  EXPECT_EQ(model("run"), model("whole"));
}

TEST_F(TrainProgram, ARunIsNotOverwritten) {
  expect(0, {"-c", "tiny.json", "-o", "run", "--max-steps", "3", "-q"});
  const Files before = contents_of(folder_ / "run");
  expect(2, {"-c", "tiny.json", "-o", "run"}, "holds a run of 3 steps; continue it with --resume auto");
  expect(2, {"-c", "tiny.json", "-o", "run", "--resume", "auto", "--seed", "2"}, "seed");
  EXPECT_EQ(contents_of(folder_ / "run"), before);
}

TEST_F(TrainProgram, HalfWrittenFilesOfKilledRunsAreRemoved) {
  expect(0, {"-c", "tiny.json", "-o", "run", "--max-steps", "3", "-q"});
  for (const char* part : {"", "samples", "checkpoints", "model", "best"})
    write(folder_ / "run" / part / ".duhdr-1-0.tmp", std::string("half"));
  expect(0, {"-c", "tiny.json", "-o", "run", "--resume", "auto", "-q"});
  for (const auto& [name, sum] : contents_of(folder_ / "run")) EXPECT_FALSE(name.ends_with(".tmp")) << name;
}

TEST_F(TrainProgram, DamagedCheckpoints) {
  Json json = tiny_training();
  json["checkpoint"]["every"] = 2;
  write_config("often.json", json);
  expect(0, {"-c", "often.json", "-o", "whole", "-q"});
  expect(0, {"-c", "often.json", "-o", "run", "--max-steps", "5", "-q"});
  const fs::path folder = folder_ / "run" / "checkpoints";
  const auto damage = [&](int steps) {
    const fs::path path = folder / message("checkpoint-00000000000", steps, ".safetensors");
    Bytes bytes = read_file(path, std::uint64_t{1} << 30, ExitCode::internal);
    bytes[bytes.size() / 2] ^= std::byte{4};
    write_file(path, bytes);
    return path.string();
  };
  fs::copy(folder_ / "run", folder_ / "lost", fs::copy_options::recursive);
  const std::string newest = damage(5);
  expect(4, {"-c", "often.json", "-o", "run", "--resume", newest}, "damaged");
  expect(0, {"-c", "often.json", "-o", "run", "--resume", "auto"}, "an older checkpoint is used");
  EXPECT_EQ(model("run"), model("whole"));
  for (const auto& entry : fs::directory_iterator(folder_ / "lost" / "checkpoints"))
    fs::resize_file(entry.path(), 1000);
  expect(4, {"-c", "often.json", "-o", "lost", "--resume", "auto"}, "all 2 checkpoints are damaged");
  expect(6, {"-c", "often.json", "-o", "lost", "--resume", "none.safetensors"}, "none.safetensors");
}

// --------------------------------------------------------------------------------------------------- options and data

TEST_F(TrainProgram, DryRunWritesNothing) {
  const Files before = contents_of(folder_.path());
  const Outcome outcome = expect(0, {"-c", "tiny.json", "-o", "run", "--dry-run", "--json"}, "MiB of tensors");
  EXPECT_EQ(contents_of(folder_.path()), before);
  EXPECT_FALSE(fs::exists(folder_ / "run"));
  const Json json = Json::parse(outcome.out);
  ASSERT_EQ(json.at("memory").size(), 3u);
  for (const Json& stage : json.at("memory")) EXPECT_GT(stage.at("bytes"), 100000);
  EXPECT_EQ(json.at("data").size(), 4u);
}

TEST_F(TrainProgram, PrintedConfigurationIsTheSameAgain) {
  const Outcome first = expect(0, {"-c", "tiny.json", "--seed", "5", "--batch", "3", "--data", "scenes", "--precision",
                                   "mixed", "--val-every", "7", "--loader-threads", "2", "--print-config"});
  const Json json = Json::parse(first.out);
  EXPECT_EQ(json.at("seed"), 5);
  EXPECT_EQ(json.at("precision"), "mixed");
  EXPECT_EQ(json.at("validation").at("every"), 7);
  EXPECT_EQ(json.at("data").at("threads"), 2);
  for (const Json& row : json.at("schedule")) EXPECT_EQ(row.at("batch"), 3);
  write(folder_ / "printed.json", first.out);
  EXPECT_EQ(expect(0, {"-c", "printed.json", "--print-config"}).out, first.out);
  const Json one = Json::parse(expect(0, {"-c", "tiny.json", "--stage", "itnet", "--print-config"}).out);
  EXPECT_EQ(one.at("schedule").size(), 1u);
  EXPECT_EQ(one.at("schedule").at(0).at("stage"), "itnet");
}

struct BadTraining {
  Arguments arguments;
  int code;
  const char* part;
};

TEST_F(TrainProgram, BadCallsAreRefusedWithOneLine) {
  write(folder_ / "cut.json", R"({"seed": 1)");
  write(folder_ / "unknown.json", R"({"seed": 1, "batch": 2})");
  write(folder_ / "empty.json", "{}");
  fs::create_directories(folder_ / "nothing");
  write(folder_ / "file", "text");
  fs::create_directories(folder_ / "photographs");
  write(folder_ / "photographs" / "a.png", photograph(40, 40));
  write(folder_ / "photographs" / "b.png", photograph(50, 40));
  const Arguments good{"-c", "tiny.json", "-o", "run"};
  const auto and_also = [&](const Arguments& more) {
    Arguments all = good;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const std::vector<BadTraining> table{
      {{}, 2, "give a configuration with -c"},
      {{"-c", "tiny.json"}, 2, "--out"},
      {{"-c", "none.json", "-o", "run"}, 6, "none.json"},
      {{"-c", "nothing", "-o", "run"}, 2, "not a regular file"},
      {{"-c", "cut.json", "-o", "run"}, 2, "line 1"},
      {{"-c", "unknown.json", "-o", "run"}, 2, "batch: unknown key"},
      {{"-c", "empty.json", "-o", "run"}, 2, "no stage"},
      {{"-c", "file", "-o", "run"}, 2, "file"},
      {and_also({"--no-such-option"}), 2, "--no-such-option"},
      {and_also({"--seed", "-1"}), 2, "--seed"},
      {and_also({"--batch", "0"}), 2, "--batch"},
      {and_also({"--batch", "many"}), 2, "--batch"},
      {and_also({"--precision", "f16"}), 2, "--precision"},
      {and_also({"--max-steps", "0"}), 2, "--max-steps"},
      {and_also({"--max-hours", "-1"}), 2, "--max-hours"},
      {and_also({"--loader-threads", "0"}), 2, "--loader-threads"},
      {and_also({"--overfit", "0"}), 2, "--overfit"},
      {and_also({"--stage", "dnett"}), 2, "dnett"},
      {and_also({"--stage", "oonet"}), 2, "the schedule has no such stage"},
      {and_also({"--device", "tpu"}), 2, "tpu"},
      {and_also({"--data", "hdr:missing"}), 6, "missing"},
      {and_also({"--data", "hdr:nothing"}), 3, "nothing"},
      {and_also({"--data", "hdr:photographs"}), 3, "photographs"},
      {and_also({"--data", "ldr:photographs"}), 2, "needs HDR images"},
      {and_also({"--val", "hdr:missing"}), 6, "missing"},
      {and_also({"--init", "missing"}), 4, "missing"},
      {{"-c", "tiny.json", "-o", "file"}, 6, "file"},
      {{"-c", "tiny.json", "-o", "file/run"}, 6, "file"},
  };
  for (const BadTraining& bad : table) {
    SCOPED_TRACE(testing::PrintToString(bad.arguments));
    Arguments arguments = bad.arguments;
    const bool device = std::find(arguments.begin(), arguments.end(), "--device") != arguments.end();
    const Outcome outcome =
        device ? run_program_file("duhdr-train", arguments, {.folder = folder_.path()}) : call(arguments);
    EXPECT_EQ(outcome.code, bad.code) << outcome.err;
    const std::vector<std::string> lines = lines_of(outcome.err);
    ASSERT_FALSE(lines.empty());
    EXPECT_TRUE(lines.back().starts_with("error: ")) << outcome.err;
    EXPECT_NE(lines.back().find(bad.part), std::string::npos) << outcome.err;
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const std::string& l) { return l.starts_with("error"); }),
              1);
    EXPECT_FALSE(fs::exists(folder_ / "run" / "config.json"));
    EXPECT_LT(outcome.cpu_s, sanitized() ? 60 : 10);
  }
}

TEST_F(TrainProgram, ACorruptImageIsNamedAndSkipped) {
  Json json = tiny_training();
  json["data"] = {{"sources", {"hdr:images"}}, {"validation_share", 0}};
  json["schedule"] = {json["schedule"][2]};
  json["schedule"][0]["steps"] = 15;
  write_config("images.json", json);
  write_images("images", 19, 1);
  const Outcome one = expect(0, {"-c", "images.json", "-o", "one"}, "not used (1 of 20 files): ");
  EXPECT_NE(one.err.find("image100.pfm"), std::string::npos) << one.err;
  EXPECT_EQ(one.err.find("image101.pfm"), std::string::npos) << one.err;
  expect(0, {"-c", "images.json", "-o", "cut", "--max-steps", "7"});
  expect(0, {"-c", "images.json", "-o", "cut", "--resume", "auto"});
  EXPECT_EQ(model("cut"), model("one")) << "the same order after a stop";
  fs::remove_all(folder_ / "images");
  write_images("images", 15, 5);
  expect(3, {"-c", "images.json", "-o", "five"}, "images");
}

TEST_F(TrainProgram, OverfitTellsEveryStage) {
  const Outcome outcome = expect(0, {"-c", "tiny.json", "-o", "run", "--overfit", "2", "--json"});
  const Json json = Json::parse(outcome.out);
  ASSERT_EQ(json.size(), 3u);
  const char* stages[] = {"dnm-joint", "itnet", "finetune"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(json[i].at("stage"), stages[i]);
    EXPECT_GT(json[i].at("first"), 0);
    EXPECT_NE(outcome.err.find(std::string(stages[i]) + ": loss "), std::string::npos) << outcome.err;
  }
  EXPECT_LT(json[2].at("last"), json[2].at("first"));
  EXPECT_EQ(contents_of(folder_ / "run").size(), 1u);
}

// ------------------------------------------------------------------------------------------------ what a run leaves
// behind

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(TrainProgram, TheModelRunsAndTheReportStandsAlone) {
  expect(0, {"-c", "tiny.json", "-o", "run", "--export", "exported", "-q"});
  EXPECT_FALSE(fs::exists(folder_ / "run" / "model"));
  fs::copy(folder_ / "exported", folder_ / "model");
  write(folder_ / "in.png", photograph(50, 40));
  const Outcome outcome = run_program_file("duhdr-infer", cli::call("in.png", "out.hdr"), {.folder = folder_.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_GT(fs::file_size(folder_ / "out.hdr"), 100u);

  const Bytes bytes = read_file(folder_ / "run" / "report.html", std::uint64_t{1} << 26, ExitCode::internal);
  const std::string report(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const char* part : {"http:", "https:", "file:", "<script src", "<link", "@import", "url("})
    EXPECT_EQ(report.find(part), std::string::npos) << part;
  EXPECT_EQ(count(report, "src="), count(report, "src=\"data:image/png;base64,"));
  EXPECT_GE(count(report, "src=\"data:image/png;base64,"), 4);  // input, target, before, now
  for (const char* tag : {"html", "head", "body", "svg", "table", "tr", "td", "th", "g", "text", "details", "style"})
    EXPECT_EQ(count(report, message("<", tag, ">")) + count(report, message("<", tag, " ")),
              count(report, message("</", tag, ">")))
        << tag;
  EXPECT_GE(count(report, "<svg"), 3);  // a chart of each stage
  for (const char* part : {"dnm-joint", "itnet", "finetune", "<!doctype html>", "log-RMSE", "tiny"})
    EXPECT_NE(report.find(part), std::string::npos) << part;
  EXPECT_EQ(count(report, "nan"), 0);
}

TEST_F(TrainProgram, AFullDiskEndsWithItsCodeAndAWholeCheckpoint) {
  Json json = tiny_training();
  json["checkpoint"]["every"] = 2;
  write_config("often.json", json);
  expect(0, {"-c", "often.json", "-o", "whole", "-q"});
  expect(0, {"-c", "often.json", "-o", "run", "--max-steps", "4", "-q"});
  const Files before = contents_of(folder_ / "run" / "checkpoints");
  RunOptions options;
  options.file_size = 50000;  // no checkpoint fits
  const Outcome outcome = call({"-c", "often.json", "-o", "run", "--resume", "auto"}, options);
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_EQ(contents_of(folder_ / "run" / "checkpoints"), before);
  expect(0, {"-c", "often.json", "-o", "run", "--resume", "auto"});
  EXPECT_EQ(model("run"), model("whole"));
}

}  // namespace
}  // namespace duhdr::cli
