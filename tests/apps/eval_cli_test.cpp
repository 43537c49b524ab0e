// SPDX-License-Identifier: Apache-2.0
// duhdr-eval as a user runs it: tables, reports, rows that are kept, and what goes wrong with them.
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "image/encode.h"
#include "tests/support/cli_files.h"
#include "tests/support/cli_run.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Arguments = std::vector<std::string>;

/// Light over fourteen stops, most of it dim, a little tinted, every pixel different.
Tensor spread(std::uint64_t key) {
  const Philox draws(key, 5);
  Tensor out({1, 64, 72, 3}, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    const double u = draws.uniform(static_cast<std::uint64_t>(i / 3));
    out.mutable_data<float>()[i] =
        static_cast<float>(std::exp2(14 * std::pow(u, 6) - 3 - 0.3 * static_cast<double>(i % 3)));
  }
  return out;
}

std::string text_of(const fs::path& file) {
  const Bytes bytes = read_file(file, 1 << 26, ExitCode::internal);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// In the working directory: set/ (four pairs of two scenes, made by duhdr-data) and model/ (the small model).
class EvalProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    made_ = std::make_unique<Scratch>("eval-set");
    fs::create_directories(*made_ / "images");
    for (const std::uint64_t k : {1, 2})
      write_file(*made_ / "images" / message("scene ", k, ".exr"), encode_exr(spread(k), {.half = false}));
    const Outcome outcome =
        run_program_file("duhdr-data", {"evaluation", "-i", "images", "-o", "set", "--quality", "95..100", "-q"},
                         {.folder = made_->path()});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    write_tiny_model(*made_ / "model");
  }
  static void TearDownTestSuite() { made_.reset(); }
  void SetUp() override {
    for (const char* name : {"set", "model"}) fs::copy(*made_ / name, folder_ / name, fs::copy_options::recursive);
  }

  Outcome run(Arguments arguments, int code = 0, RunOptions options = {}) {
    options.folder = folder_.path();
    arguments.insert(arguments.end(), {"-d", "cpu"});
    const Outcome outcome = run_program_file("duhdr-eval", arguments, options);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(has(outcome.err, "error: "), code != 0) << outcome.err;
    return outcome;
  }
  json report(const std::string& name) { return json::parse(text_of(folder_ / name)); }
  /// The set's pictures as plain folders refs/ and photos/, with the names of the pairs.
  void write_folders() {
    fs::copy(folder_ / "set/hdr", folder_ / "refs");
    fs::copy(folder_ / "set/ldr", folder_ / "photos");
  }
  std::vector<fs::path> files_in(const std::string& name) {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / name)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }

  static std::unique_ptr<Scratch> made_;
  Scratch folder_{"eval-cli"};
};

std::unique_ptr<Scratch> EvalProgram::made_;

const Arguments light{"set", "-m", "srgb", "-m", "true-curve", "--metrics", "log-rmse,energy,structure"};
const Arguments reports{"--csv", "r.csv", "--json", "r.json", "--html", "r.html"};

Arguments with(Arguments all, const Arguments& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_F(EvalProgram, TableAndReports) {
  const Arguments methods{"set", "-m",       "srgb", "-m", "true-curve", "-m", "blind-gain", "-m", "half-highlights",
                          "-m",  "net=model"};
  const Outcome outcome = run(with(methods, reports));
  EXPECT_TRUE(has(outcome.out, "4 of 4 count"));
  EXPECT_TRUE(has(outcome.out, "protocol  paper: "));
  EXPECT_TRUE(has(outcome.out, "remark: blind-gain: nearer to the true energy of highlights than true-curve without"));
  EXPECT_TRUE(has(outcome.out, "HDR-VDP-3 Q"));
  EXPECT_FALSE(has(outcome.out, "difference of"));
  for (const char* file : {"r.csv", "r.json", "r.html"}) EXPECT_TRUE(has(outcome.err, message(file, " written")));
  const json all = report("r.json");
  EXPECT_EQ(all.at("pairs_counted"), 4);
  EXPECT_EQ(all.at("set").at("sha256"), contents_of(folder_ / "set").at("evaluation.json"));
  EXPECT_EQ(all.at("methods").size(), 5u);
  EXPECT_EQ(all.at("methods")[4].at("name"), "net");
  EXPECT_EQ(lines_of(text_of(folder_ / "r.csv")).size(), 1u + 5 * 4);
  EXPECT_TRUE(has(text_of(folder_ / "r.html"), "half-highlights"));
  EXPECT_TRUE(has(run(with(methods, {"--metrics", "energy", "-v"})).out, "difference of"));
}

TEST_F(EvalProgram, TheSameTwiceGivesTheSameBytes) {
  const Arguments call = with({"set", "-m", "model", "-m", "akyuz-2007", "-p", "si-hdr"}, reports);
  std::map<std::string, std::string> before;
  for (const Arguments& more :
       std::vector<Arguments>{{"-j", "1"}, {"-j", "1"}, {"-j", "3"}, {"--keep", "rows"}, {"--keep", "rows"}}) {
    run(with(call, more));
    std::map<std::string, std::string> now;
    for (const auto& [name, sum] : contents_of(folder_.path()))
      if (name.starts_with("r.")) now[name] = sum;
    EXPECT_EQ(now.size(), 3u);
    if (!before.empty()) {
      EXPECT_EQ(now, before) << testing::PrintToString(more);
    }
    before = now;
    for (const char* file : {"r.csv", "r.json", "r.html"}) {  // replaced, whatever is there
      write(folder_ / file, std::string("old"));
    }
  }
}

TEST_F(EvalProgram, Lists) {
  EXPECT_TRUE(has(run({"--list-methods"}).out, "akyuz-2007") && has(run({"--list-methods"}).out, "blind-gain"));
  EXPECT_EQ(lines_of(run({"--list-metrics"}).out).size(), 16u);
  EXPECT_TRUE(has(run({"--list-metrics"}).out, "structure"));
  for (const char* name : {"paper", "base-0.1%", "si-hdr", "scale"})
    EXPECT_TRUE(has(run({"--list-protocols"}).out, name));
}

TEST_F(EvalProgram, DryRunWritesNothing) {
  const auto before = contents_of(folder_.path());
  const Outcome outcome = run(with(light, {"--dry-run", "--keep", "rows", "--csv", "r.csv"}));
  EXPECT_TRUE(has(outcome.out, "method srgb: ") && has(outcome.out, "method true-curve: "));
  EXPECT_EQ(lines_of(outcome.out).size(), 6u);
  EXPECT_EQ(contents_of(folder_.path()), before);
  EXPECT_FALSE(fs::exists(folder_ / "rows"));
  run(with(light, {"--dry-run", "--csv", "none/r.csv"}), 6);
}

TEST_F(EvalProgram, Quiet) {
  const Outcome outcome = run(with(with(light, reports), {"-q"}));
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(has(outcome.out, "4 of 4 count"));
}

TEST_F(EvalProgram, Folders) {
  write_folders();
  const Arguments call{"--ref", "refs",         "--ldr", "photos",    "--pred",           "same=refs", "-m",
                       "srgb",  "--clip-level", "1",     "--metrics", "mu-psnr,log-rmse", "--json",    "r.json"};
  run(call);
  EXPECT_EQ(report("r.json").at("pairs_counted"), 4);
  EXPECT_EQ(report("r.json").at("methods")[1].at("summaries").at("mu-psnr").at("mean"), "inf");
  EXPECT_EQ(report("r.json").at("methods")[1].at("summaries").at("log-rmse").at("mean"), 0);
  run({"--ref", "refs", "--pred", "refs", "--metrics", "log-rmse", "--json", "r.json"});
  EXPECT_EQ(report("r.json").at("pairs_counted"), 4);
  EXPECT_TRUE(has(run({"--ref", "refs", "-m", "srgb"}, 2).err, "needs photographs"));
}

TEST_F(EvalProgram, PartOfASet) {
  write_folders();
  const std::vector<fs::path> photos = files_in("photos"), refs = files_in("refs");
  ASSERT_EQ(photos.size(), 4u);
  write(photos[0], std::string("no JPEG"));
  fs::rename(photos[1], folder_ / "photos/alone.jpg");
  const Outcome outcome =
      run({"--ref", "refs", "--ldr", "photos", "-m", "srgb", "--metrics", "log-rmse", "--json", "r.json", "-q"}, 9);
  EXPECT_TRUE(has(outcome.out, "2 of 3 count"));
  EXPECT_TRUE(has(outcome.err, "alone.jpg: has no partner\n")) << outcome.err;
  EXPECT_TRUE(has(outcome.err, "error: 3 of 5 pairs left out")) << outcome.err;
  const json all = report("r.json");
  EXPECT_EQ(all.at("excluded").size(), 1u);
  EXPECT_TRUE(has(all.at("remarks").dump(), "alone.jpg: has no partner"));
  EXPECT_EQ(all.at("methods")[0].at("summaries").at("log-rmse").at("pairs"), 2);
}

TEST_F(EvalProgram, AResultThatIsMissing) {
  fs::copy(folder_ / "set/hdr", folder_ / "out");
  fs::remove(files_in("out").front());
  const Outcome outcome = run(with(light, {"--pred", "out"}), 9);
  EXPECT_TRUE(has(outcome.out, "3 of 4 count"));
  EXPECT_TRUE(has(outcome.out, "out: no result for "));
}

TEST_F(EvalProgram, NamesFromOutsideStayText) {
  const Outcome outcome = run({"set", "-m", "a\x1b[31m\xff=srgb", "--metrics", "log-rmse", "--json", "r.json", "-v"});
  EXPECT_FALSE(has(outcome.out + outcome.err, "\x1b[31m"));
  EXPECT_EQ(report("r.json").at("methods")[0].at("name"), "a\\x1b[31m\\xff");
}

TEST_F(EvalProgram, BadCalls) {
  write(folder_ / "file", std::string("text"));
  fs::create_directories(folder_ / "empty");
  fs::copy(folder_ / "model", folder_ / "damaged");
  write(folder_ / "damaged/model.json", std::string("{"));
  fs::copy(folder_ / "set", folder_ / "changed", fs::copy_options::recursive);
  write(folder_ / "changed/evaluation.json", std::string("{}"));
  const Arguments one{"set", "-m", "srgb"};
  const std::vector<std::tuple<Arguments, int, std::string>> calls{
      {{}, 2, "name either a set of pairs or"},
      {{"set"}, 2, "no method to evaluate"},
      {with(one, {"--ref", "set/hdr"}), 2, "name either a set of pairs or"},
      {with(one, {"--ldr", "set/ldr"}), 2, "belong to --ref"},
      {with(one, {"--clip-level", "2"}), 2, "belong to --ref"},
      {with(one, {"-p", "papr"}), 2, "did you mean paper?"},
      {with(one, {"--metrics", "energi"}), 2, "did you mean energy?"},
      {with(one, {"--metrics", "energy,"}), 2, "metric  is unknown"},
      {with(one, {"--mask", "some"}), 2, "--mask"},
      {with(one, {"-m", "akyuz-2008"}), 2, "did you mean akyuz-2007"},
      {with(one, {"-m", "srgb"}), 2, "two methods are called srgb"},
      {with(one, {"--max-memory", "much"}), 2, "not a size"},
      {with(one, {"-j", "-1"}), 2, "--threads -1"},
      {with(one, {"--layout", "none"}), 2, "unknown layout"},
      {with(one, {"--csv", "r", "--json", "./r"}), 2, "named for two reports"},
      {{"empty", "-m", "srgb"}, 2, "not a set of pairs"},
      {{"changed", "-m", "srgb"}, 3, "evaluation.json"},
      {with(one, {"--pred", "empty"}), 3, "holds neither a model"},
      {with(one, {"-m", "damaged"}), 4, "model.json"},
      {{"none", "-m", "srgb"}, 6, "no such folder"},
      {with(one, {"--pred", "none"}), 6, "none: cannot open"},
      {with(one, {"-m", "no/model"}), 6, "no/model: no such folder"},
      {with(one, {"--keep", "file"}), 6, "file"},
      {{"--ref", "none", "-m", "srgb"}, 6, "none: cannot open"},
  };
  for (const auto& [arguments, code, part] : calls) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const Outcome outcome = run(arguments, code);
    EXPECT_TRUE(has(outcome.err, part)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(EvalProgram, WhatCannotBeWrittenIsSaidBeforehand) {
  for (const char* option : {"--csv", "--json", "--html"})
    for (const char* file : {"none/report", "set", "set/evaluation.json/report"}) {
      const Outcome outcome = run(with(light, {option, file, "--keep", "rows"}), 6);
      EXPECT_TRUE(has(outcome.err, message("error: ", file, ": cannot be written"))) << outcome.err;
      EXPECT_FALSE(fs::exists(folder_ / "rows"));  // nothing was computed
    }
}

TEST_F(EvalProgram, AReportIsWholeOrTheOldOne) {
  for (const char* option : {"--csv", "--json", "--html"}) {
    write(folder_ / "report", std::string("old"));
    const Outcome outcome = run(with(light, {option, "report"}), 6, {.file_size = 100});
    EXPECT_TRUE(has(outcome.err, "error: report: cannot write")) << outcome.err;
    EXPECT_EQ(text_of(folder_ / "report"), "old");
  }
  EXPECT_EQ(files_in(".").size(), 3u);  // model, report, set: nothing is left behind
  run(light, 6, {.full_output = true});
}

TEST_F(EvalProgram, RowsThatCannotBeKept) {
  const Outcome outcome = run(with(light, {"--keep", "rows"}), 6, {.file_size = 100});
  EXPECT_TRUE(has(outcome.err, "error: rows/")) << outcome.err;
}

TEST_F(EvalProgram, GoesOnAfterAnInterruption) {
  Arguments call{"set", "--keep", "rows", "--json", "r.json", "-v"};
  for (int k = 0; k < 12; ++k) call = with(call, {"-m", message("m", k, "=srgb")});
  const Outcome stopped = run(call, 130, {.signal = SIGINT, .signal_after = "3/48"});
  EXPECT_TRUE(has(stopped.err, "error: interrupted"));
  EXPECT_FALSE(fs::exists(folder_ / "r.json"));
  const auto before = contents_of(folder_ / "rows");
  EXPECT_GE(before.size(), 3u);
  EXPECT_LT(before.size(), 48u);
  std::map<std::string, fs::file_time_type> times;
  for (const auto& [name, sum] : before) times[name] = fs::last_write_time(folder_ / "rows" / name);
  run(call);
  const auto after = contents_of(folder_ / "rows");
  EXPECT_EQ(after.size(), 48u);
  for (const auto& [name, time] : times) EXPECT_EQ(fs::last_write_time(folder_ / "rows" / name), time);
  const std::string resumed = text_of(folder_ / "r.json");
  fs::remove_all(folder_ / "rows");
  run(call);
  EXPECT_EQ(text_of(folder_ / "r.json"), resumed);
}

}  // namespace
}  // namespace duhdr::cli
