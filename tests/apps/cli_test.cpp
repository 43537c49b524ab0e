// SPDX-License-Identifier: Apache-2.0
// Bad calls of the programs: the right exit code, one line that says why, no output, little time and memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>

#include "tensor/device.h"
#include "tests/support/cli_files.h"

namespace duhdr::cli {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::string> no_gpu{{"CUDA_VISIBLE_DEVICES", ""}};

/// The last line begins with "error: ", those before it with "warning: ", and nothing in them moves a cursor.
void expect_one_error_line(const Outcome& outcome, const std::string& part) {
  const std::vector<std::string> lines = lines_of(outcome.err);
  ASSERT_FALSE(lines.empty()) << "no message";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].starts_with(i + 1 == lines.size() ? "error: " : "warning: ")) << outcome.err;
    EXPECT_TRUE(std::ranges::none_of(lines[i], [](unsigned char c) { return c < 0x20 || c == 0x7F; })) << lines[i];
    EXPECT_LT(lines[i].size(), 1200u) << lines[i];
  }
  EXPECT_NE(lines.back().find(part), std::string::npos) << lines.back() << "\nlacks: " << part;
  EXPECT_TRUE(outcome.err.ends_with('\n'));
}

class BadCalls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new Scratch("cli-bad");
    write_tiny_model(*shared_ / "model");
    write(*shared_ / "in.png", photograph(40, 30));
  }
  static void TearDownTestSuite() {
    std::printf("%zu bad calls: at most %.3f s of processor time, %.3f s in all, %zu MiB\n", names_.size(),
                longest_cpu_, longest_wall_, largest_ >> 20);
    delete shared_;
  }

  static void run(const std::vector<BadCall>& calls) {
    for (const BadCall& bad : calls) {
      SCOPED_TRACE(bad.name);
      EXPECT_TRUE(names_.insert(bad.name).second) << "two cases of one name";
      expect_refused(bad);
    }
  }

 private:
  static void expect_refused(const BadCall& bad) {
    const Scratch folder("cli-case");
    fs::copy(*shared_ / "model", folder / "model");
    fs::copy_file(*shared_ / "in.png", folder / "in.png");
    if (bad.prepare) bad.prepare(folder.path());
    const std::map<std::string, std::string> before = contents_of(folder.path());
    const Outcome outcome =
        run_program_file(bad.program, bad.arguments, {.folder = folder.path(), .environment = no_gpu});
    EXPECT_EQ(outcome.signal, 0);
    EXPECT_EQ(outcome.code, static_cast<int>(bad.code)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    expect_one_error_line(outcome, bad.part);
    const bool names_file =
        outcome.err.find("error: x") != std::string::npos || outcome.err.find("error: /dev") != std::string::npos;
    EXPECT_TRUE(names_file || bad.code != ExitCode::bad_image) << outcome.err;
    EXPECT_EQ(contents_of(folder.path()), before) << "files were made or changed";
    // Of the processor: a busy machine makes everything else longer.
    EXPECT_LT(outcome.cpu_s, sanitized() ? 20 : 1);
    EXPECT_LT(outcome.peak, std::size_t{1} << 30);
    longest_cpu_ = std::max(longest_cpu_, outcome.cpu_s);
    longest_wall_ = std::max(longest_wall_, outcome.wall_s);
    largest_ = std::max(largest_, outcome.peak);
  }

  static inline Scratch* shared_ = nullptr;
  static inline std::set<std::string> names_;
  static inline double longest_cpu_ = 0, longest_wall_ = 0;
  static inline std::size_t largest_ = 0;
};

TEST_F(BadCalls, Images) { run(bad_images()); }
TEST_F(BadCalls, WeightFiles) { run(bad_weight_files()); }
TEST_F(BadCalls, Descriptions) { run(bad_descriptions()); }
TEST_F(BadCalls, Usage) { run(bad_usage()); }
TEST_F(BadCalls, Paths) { run(bad_paths()); }

/// A folder with the small model and a picture, for one call under hard conditions.
class HardTimes : public testing::Test {
 protected:
  void SetUp() override {
    write_tiny_model(folder_ / "model");
    write(folder_ / "in.png", photograph(300, 200));
  }
  Outcome run(RunOptions options, const std::vector<std::string>& more = {}) {
    options.folder = folder_.path();
    before_ = contents_of(folder_.path());
    return run_program_file("duhdr-infer", call("in.png", "out.exr", more), options);
  }
  void expect_failed(const Outcome& outcome, int code, const std::string& part) {
    EXPECT_EQ(outcome.signal, 0);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    expect_one_error_line(outcome, part);
    EXPECT_EQ(contents_of(folder_.path()), before_);
  }

  Scratch folder_{"cli-hard"};
  std::map<std::string, std::string> before_;
};

TEST_F(HardTimes, TooLittleAddressSpace) {
  if (sanitized()) GTEST_SKIP() << "the sanitizer reserves terabytes of address space";
  if (cuda_unavailable_reason() != "this program was built without CUDA")
    GTEST_SKIP() << "the CUDA libraries alone need more address space than this test gives";
  write(folder_ / "in.png", photograph(4000, 3000));
  expect_failed(run({.address_space = std::size_t{400} << 20}), static_cast<int>(ExitCode::out_of_memory),
                "out of memory");
}

TEST_F(HardTimes, FullDisk) {
  expect_failed(run({.file_size = 1000}), static_cast<int>(ExitCode::io), "out.exr: cannot write (File too large)");
  write(folder_ / "out.exr", "old");
  expect_failed(run({.file_size = 1000}), static_cast<int>(ExitCode::io), "out.exr: cannot write (File too large)");
}

TEST_F(HardTimes, Interrupted) {
  write(folder_ / "in.png", photograph(3000, 2000));
  for (const int signal : {SIGINT, SIGTERM}) {
    RunOptions options{.folder = folder_.path(), .signal = signal, .signal_after = "model tiny"};
    const std::map<std::string, std::string> before = contents_of(folder_.path());
    const Outcome outcome = run_program_file("duhdr-infer", call("in.png", "out.exr", {"-v", "--tile", "64"}), options);
    EXPECT_EQ(outcome.code, 128 + signal) << outcome.err;
    EXPECT_TRUE(outcome.err.ends_with("\nerror: interrupted\n")) << outcome.err;
    EXPECT_EQ(contents_of(folder_.path()), before);
  }
}

TEST_F(HardTimes, ClosedOutputChangesNothing) {
  ASSERT_EQ(run({}, {"--json"}).code, 0);
  const std::map<std::string, std::string> wanted = contents_of(folder_.path());
  fs::remove(folder_ / "out.exr");
  const Outcome outcome = run({.closed_output = true}, {"--json", "-v"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(contents_of(folder_.path()), wanted);
}

TEST_F(HardTimes, DamagedWeightsAtEveryLength) {
  const fs::path path = folder_ / "model/dnet.safetensors";
  const Bytes whole = read_file(path, 1 << 30, ExitCode::internal);
  for (std::size_t length = 1; length < whole.size(); length += whole.size() / 10) {
    write(path, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    expect_failed(run({}), static_cast<int>(ExitCode::bad_weights), "dnet.safetensors: ");
  }
}

}  // namespace
}  // namespace duhdr::cli
