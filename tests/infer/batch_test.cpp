// SPDX-License-Identifier: Apache-2.0
// Batches: order, errors, memory and interruption are those of one job after the other, though they overlap.
#include "infer/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "infer/engine.h"
#include "kernels/arithmetic.h"
#include "tensor/allocator.h"
#include "tensor/parallel.h"
#include "tests/support/cli_files.h"
#include "tests/support/cli_run.h"
#include "tests/support/one_pass_model.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Doubles a picture, after `before_each` has seen it.
std::unique_ptr<Model> doubling(const std::function<void()>& before_each) {
  return std::make_unique<test::OnePassModel>(
      [before_each](const Variable& image) {
        const bool is_blank = image.shape().h() == 1;
        if (!image.device().is_meta() && !is_blank) before_each();
        return affine(image, 2, 0);
      },
      /*masked=*/false);
}

class Batches : public testing::Test {
 protected:
  void SetUp() override {
    set_pool_threads(2);
    options_.format = written_format("pfm", Image::Referred::scene);
    for (int i = 0; i < 6; ++i) add(cli::photograph(20 + i, 30));
  }
  void TearDown() override { set_pool_threads(usable_processors()); }

  void add(const Bytes& picture) {
    const std::string name = std::to_string(jobs_.size());
    write_file(folder_ / (name + ".png"), picture);
    jobs_.push_back({.input = folder_ / (name + ".png"), .output = folder_ / (name + ".pfm")});
  }
  /// The reports of all jobs, in the order in which they were told; `progress` sees every call.
  void run(
      const std::function<void()>& before_each = [] {},
      const std::function<void(std::size_t, const std::string&)>& progress = [](std::size_t, const std::string&) {}) {
    reports_.clear();
    Engine engine(doubling(before_each), {.tile = EngineOptions::whole});
    run_jobs(engine, jobs_, options_,
             {[&](std::size_t i, const std::string& stage, double) { progress(i, stage); },
              [&](const JobReport& report) { reports_.push_back(report); }});
  }
  void expect_written(std::size_t count) {
    ASSERT_EQ(reports_.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(reports_[i].job.input, jobs_[i].input);
      EXPECT_EQ(reports_[i].error, "");
      EXPECT_EQ(reports_[i].written, std::vector<fs::path>{jobs_[i].output});
    }
    for (std::size_t i = 0; i < jobs_.size(); ++i) EXPECT_EQ(fs::exists(jobs_[i].output), i < count) << i;
  }
  std::vector<Bytes> outputs() const {
    std::vector<Bytes> all;
    for (const Job& job : jobs_) all.push_back(read_file(job.output, 1 << 20, ExitCode::io));
    return all;
  }

  cli::Scratch folder_{"batch"};
  BatchOptions options_;
  std::vector<Job> jobs_;
  std::vector<JobReport> reports_;
};

TEST_F(Batches, GiveTheFilesOfOneJobAfterTheOther) {
  set_pool_threads(1);
  run();
  expect_written(6);
  const std::vector<Bytes> alone = outputs();
  for (const Job& job : jobs_) fs::remove(job.output);
  set_pool_threads(2);
  run();
  expect_written(6);
  EXPECT_TRUE(outputs() == alone);
}

TEST_F(Batches, ReadAheadWhileAPictureIsComputed) {
  const CachingAllocator& memory = allocator_of(Device::cpu());
  std::size_t alone = 0;  // bytes of tensors while the first picture is computed, without the next
  set_pool_threads(1);
  run([&] { alone = alone == 0 ? memory.stats().in_use : alone; });
  set_pool_threads(2);
  bool first = true, ahead = false;
  run([&] {
    if (!std::exchange(first, false)) return;
    for (int wait = 0; wait < 10000 && !ahead; ++wait) {
      std::this_thread::sleep_for(1ms);
      ahead = memory.stats().in_use > alone;
    }
  });
  EXPECT_TRUE(ahead);
  expect_written(6);
}

TEST_F(Batches, ABadPictureIsToldInItsPlace) {
  Bytes cut = cli::photograph(20, 30);
  cut.resize(cut.size() / 2);
  write_file(jobs_[2].input, cut);
  jobs_[4].refusal = "4.pfm: cannot be named";
  std::vector<std::size_t> seen;
  run([] {}, [&](std::size_t i, const std::string&) { seen.push_back(i); });
  ASSERT_EQ(reports_.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(reports_[i].job.input, jobs_[i].input);
    const ExitCode code = i == 2 ? ExitCode::bad_image : i == 4 ? ExitCode::io : ExitCode::done;
    EXPECT_EQ(reports_[i].code, code) << reports_[i].error;
    EXPECT_EQ(fs::exists(jobs_[i].output), code == ExitCode::done);
  }
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST_F(Batches, AStepThatLackedMemoryBesideOthersIsTakenAgain) {
  int calls = 0;
  run([&] {
    if (++calls == 2) throw Error(ExitCode::out_of_memory, "out of memory");
  });
  EXPECT_EQ(calls, 7);
  expect_written(6);

  run([&] { throw Error(ExitCode::out_of_memory, "out of memory"); });
  ASSERT_EQ(reports_.size(), 6u);
  for (const JobReport& report : reports_) EXPECT_EQ(report.code, ExitCode::out_of_memory) << report.error;
}

TEST_F(Batches, WhatWasComputedBeforeAnInterruptionIsWrittenAndTold) {
  const auto interrupt = [&](std::size_t i, const std::string& stage) {
    if (i == 3 && stage == "run") throw std::runtime_error("interrupted");
  };
  EXPECT_THROW(run([] {}, interrupt), std::runtime_error);
  expect_written(3);
}

}  // namespace
}  // namespace duhdr
