// SPDX-License-Identifier: Apache-2.0
// How operations run, where more than one way is right. One value for a thread, set by scopes; it reaches the backward
// of an op when that is called, not when the op was.
#pragma once

namespace duhdr {

struct Execution {
  bool reference = false;  // plain loops instead of libraries: the oracle of the tests. f64 always runs so
};

/// While one lives, operations of this thread run as it says; afterwards as before.
class ExecutionScope {
 public:
  explicit ExecutionScope(const Execution& execution);
  ~ExecutionScope();
  ExecutionScope(const ExecutionScope&) = delete;
  ExecutionScope& operator=(const ExecutionScope&) = delete;
  static const Execution& current();

 private:
  Execution before_;
};

}  // namespace duhdr
