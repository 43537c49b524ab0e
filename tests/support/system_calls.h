// SPDX-License-Identifier: Apache-2.0
// A function in a child process whose system calls are counted, and which dies after, or fails at, one of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace duhdr {

struct SystemCallPlan {
  long kill_after = 0;            // SIGKILL when so many calls have been made; 0 = never
  long fault_at = 0;              // the call (from 1, of those in `faulty`) that fails; 0 = none
  bool for_ever = false;          // and all of them after it
  int error = 0;                  // errno of the failure
  long write_at_most = 0;         // bytes that the call moves instead, when it is a write; then it does not fail
  std::vector<long> faulty = {};  // numbers of the calls that may fail
};

struct TracedEnd {
  int code = -1;            // of the child; -1 = ended by a signal
  int signal = 0;           // that ended it
  std::vector<long> calls;  // numbers of the system calls it made, -1 where the machine does not tell
  long faults = 0;          // that were made
};

/// Why processes cannot be traced here; empty when they can.
std::string why_not_traced();

/// Whether calls can be made to fail on this machine.
bool faults_possible();

/// Runs `body` in a forked child and returns how it ended. Its result is the exit code.
TracedEnd run_traced(const std::function<int()>& body, const SystemCallPlan& plan = {});

}  // namespace duhdr
