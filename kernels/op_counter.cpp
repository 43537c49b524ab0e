// SPDX-License-Identifier: Apache-2.0
#include "kernels/op_counter.h"

namespace duhdr {

namespace {
thread_local OpCounter* active = nullptr;
}

OpCounter::OpCounter() : outer_(active) { active = this; }
OpCounter::~OpCounter() { active = outer_; }

void count_flop(double flop) {
  for (OpCounter* counter = active; counter; counter = counter->outer_) counter->flop_ += flop;
}

}  // namespace duhdr
