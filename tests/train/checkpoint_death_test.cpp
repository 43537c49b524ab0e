// SPDX-License-Identifier: Apache-2.0
// Whatever happens while a checkpoint is written (death after any system call, a failure of any), the folder holds the
// old state or the new one, and the next run needs no help.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "tests/support/checkpoint_files.h"
#include "tests/support/system_calls.h"

namespace duhdr {
namespace {

// ---------------------------------------------------------------------------------------- death while one is written

constexpr std::int64_t old_steps = 200, new_steps = 300;

/// What the folder holds before a save.
struct Before {
  const char* name;
  std::vector<std::int64_t> saved;
  bool leftovers;
};
const Before befores[] = {{"one", {old_steps}, false},
                          {"two", {100, old_steps}, false},
                          {"two and leftovers", {100, old_steps}, true},
                          {"the same step", {old_steps, new_steps}, false}};

void prepare(const fs::path& folder, const Before& before) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const std::int64_t steps : before.saved) save_checkpoint(folder, state_after(steps));
  if (!before.leftovers) return;
  for (const char* name : {".duhdr-1-0.tmp", ".duhdr-1-1.tmp"}) write_file(folder / name, Bytes(5000));
}

int save_new(const fs::path& folder, const Checkpoint& checkpoint) {
  try {
    save_checkpoint(folder, checkpoint);
    return 0;
  } catch (const Error& error) {
    return static_cast<int>(error.code());
  } catch (...) {
    return 100;
  }
}

bool has_leftovers(const fs::path& folder) {
  for (const std::string& name : names_in(folder))
    if (name.ends_with(".tmp")) return true;
  return false;
}

/// The old or the new state, to the bit, and a next save that leaves two whole files and nothing else.
void expect_whole(const fs::path& folder, std::int64_t oldest_allowed = old_steps) {
  const std::optional<Checkpoint> found = newest(folder);
  ASSERT_TRUE(found.has_value());
  const std::int64_t steps = found->run.total_steps;
  EXPECT_TRUE(steps == new_steps || steps == oldest_allowed) << steps;
  EXPECT_TRUE(same(*found, state_after(steps)));
  save_checkpoint(folder, state_after(400));
  EXPECT_EQ(names_in(folder), (std::vector<std::string>{name_after(steps), name_after(400)}));
  expect_newest(folder, 400);
}

TEST_F(Checkpoints, DeathAfterEverySystemCall) {
  if (const std::string reason = why_not_traced(); !reason.empty()) GTEST_SKIP() << reason;
  const Checkpoint next = state_after(new_steps);
  const fs::path path = folder() / "run";
  for (const Before& before : befores) {
    SCOPED_TRACE(before.name);
    prepare(path, before);
    const TracedEnd whole = run_traced([&] { return save_new(path, next); });
    ASSERT_EQ(whole.code, 0);
    ASSERT_FALSE(has_leftovers(path));
    const auto calls = static_cast<long>(whole.calls.size());
    ASSERT_GT(calls, 15);
    int old_states = 0, new_states = 0;
    for (long k = 1; k < calls; ++k) {  // the last one is exit
      SCOPED_TRACE(k);
      prepare(path, before);
      const TracedEnd end = run_traced([&] { return save_new(path, next); }, {.kill_after = k});
      ASSERT_EQ(end.signal, SIGKILL);
      ASSERT_EQ(static_cast<long>(end.calls.size()), k);
      ++(newest(path)->run.total_steps == new_steps ? new_states : old_states);
      expect_whole(path);
    }
    std::printf("%s: killed after each of %ld system calls, %d old states, %d new ones\n", before.name, calls - 1,
                old_states, new_states);
    EXPECT_GT(new_states, 0);
    EXPECT_EQ(old_states > 0, before.saved.back() == old_steps);
  }
}

// ------------------------------------------------------------------------------------------------- failing system
// calls

const std::vector<long> file_calls {
#if defined(__x86_64__)
  SYS_open, SYS_rename, SYS_unlink, SYS_stat,
#endif
      SYS_openat, SYS_write, SYS_fsync, SYS_close, SYS_renameat, SYS_renameat2, SYS_unlinkat, SYS_fstat, SYS_newfstatat,
      SYS_getdents64
};

class Faults : public Checkpoints {
 protected:
  void SetUp() override {
    if (const std::string reason = why_not_traced(); !reason.empty()) GTEST_SKIP() << reason;
    if (!faults_possible()) GTEST_SKIP() << "system calls cannot be made to fail on this machine";
  }
  /// Saves with the fault at every call in turn; returns how often there was an error.
  template <class Check>
  int at_every_call(SystemCallPlan plan, const Check& check) {
    int failed = 0;
    for (plan.fault_at = 1;; ++plan.fault_at) {
      SCOPED_TRACE(testing::Message() << std::strerror(plan.error) << " at file call " << plan.fault_at);
      prepare(path_, befores[1]);
      const Bytes old = bytes_of(checkpoint_file(path_, old_steps));
      const TracedEnd end = run_traced([&] { return save_new(path_, next_); }, plan);
      if (end.faults == 0) return failed;
      failed += end.code == 0 ? 0 : 1;
      EXPECT_EQ(bytes_of(checkpoint_file(path_, old_steps)), old);
      check(end);
      expect_whole(path_);
      if (testing::Test::HasFailure()) return failed;
    }
  }

  const Checkpoint next_ = state_after(new_steps);
  const fs::path path_ = folder() / "run";
};

/// A failed listing is found late, a failed unlink leaves a file that the next save removes: both may end well.
TEST_F(Faults, AFailingCallEndsInAnErrorOrDoesNoHarm) {
  for (const int error : {ENOSPC, EIO, EACCES}) {
    int ended_well = 0;
    const int failed = at_every_call({.error = error, .faulty = file_calls}, [&](const TracedEnd& end) {
      EXPECT_TRUE(end.code == 0 || end.code == static_cast<int>(ExitCode::io)) << end.code;
      EXPECT_FALSE(has_leftovers(path_));
      ended_well += end.code == 0 ? 1 : 0;
    });
    std::printf("%s: %d errors, %d saves that went well\n", std::strerror(error), failed, ended_well);
    EXPECT_GE(failed, 6);  // stat, open, write, fsync, close, rename of the file at least
  }
}

TEST_F(Faults, AFullDiskThatStaysFull) {
  for (const int error : {ENOSPC, EIO}) {
    const std::vector<long> writing {
#if defined(__x86_64__)
      SYS_rename,
#endif
          SYS_write, SYS_fsync, SYS_renameat, SYS_renameat2
    };
    const int failed = at_every_call({.for_ever = true, .error = error, .faulty = writing}, [&](const TracedEnd& end) {
      EXPECT_EQ(end.code, static_cast<int>(ExitCode::io));
      EXPECT_FALSE(has_leftovers(path_));
    });
    EXPECT_EQ(failed, 4);  // write, fsync, rename, fsync of the folder
  }
}

TEST_F(Faults, AnInterruptedCallIsRepeated) {
  const std::vector<long> repeated {
#if defined(__x86_64__)
    SYS_open,
#endif
        SYS_write, SYS_close
  };
  const auto ends_well = [&](const TracedEnd& end) {
    EXPECT_EQ(end.code, 0);
    EXPECT_EQ(newest(path_)->run.total_steps, new_steps);
  };
  EXPECT_EQ(at_every_call({.error = EINTR, .faulty = repeated}, ends_well), 0);
}

TEST_F(Faults, AShortWriteIsContinued) {
  for (const long bytes : {1, 100}) {
    const auto ends_well = [&](const TracedEnd& end) {
      EXPECT_EQ(end.code, 0);
      EXPECT_EQ(newest(path_)->run.total_steps, new_steps);
    };
    SystemCallPlan plan{.write_at_most = bytes, .faulty = {SYS_write}};
    EXPECT_EQ(at_every_call(plan, ends_well), 0);
  }
}

}  // namespace
}  // namespace duhdr
