// SPDX-License-Identifier: Apache-2.0
// Counts the floating-point operations of convolutions and linear layers (2 per multiply-add), as papers do.
#pragma once

namespace duhdr {

/// While one lives on this thread, the ops report to it.
class OpCounter {
 public:
  OpCounter();
  ~OpCounter();
  OpCounter(const OpCounter&) = delete;
  OpCounter& operator=(const OpCounter&) = delete;
  double flop() const { return flop_; }

 private:
  friend void count_flop(double flop);
  double flop_ = 0;
  OpCounter* outer_;
};

void count_flop(double flop);

}  // namespace duhdr
