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

void count_executed_flop(double flop) {
  for (OpCounter* counter = active; counter; counter = counter->outer_) counter->executed_flop_ += flop;
}

void count_conv2d(const Conv2dInputs& inputs, const Conv2dDesc& desc) {
  for (OpCounter* counter = active; counter; counter = counter->outer_) counter->on_conv2d(inputs, desc);
}

}  // namespace duhdr
