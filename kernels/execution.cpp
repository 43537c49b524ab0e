// SPDX-License-Identifier: Apache-2.0
#include "kernels/execution.h"

namespace duhdr {

namespace {
thread_local Execution active;
}

ExecutionScope::ExecutionScope(const Execution& execution) : before_(active) { active = execution; }
ExecutionScope::~ExecutionScope() { active = before_; }
const Execution& ExecutionScope::current() { return active; }

}  // namespace duhdr
