// SPDX-License-Identifier: Apache-2.0
// Counts the floating-point operations of convolutions and linear layers (2 per multiply-add): as papers write them,
// and as they are executed after phases and Winograd.
#pragma once

namespace duhdr {

struct Conv2dInputs;
struct Conv2dDesc;

/// While one lives on this thread, the ops report to it.
class OpCounter {
 public:
  OpCounter();
  virtual ~OpCounter();
  OpCounter(const OpCounter&) = delete;
  OpCounter& operator=(const OpCounter&) = delete;
  double flop() const { return flop_; }
  double executed_flop() const { return executed_flop_; }

  /// Of every convolution, before it runs.
  virtual void on_conv2d(const Conv2dInputs& /*inputs*/, const Conv2dDesc& /*desc*/) {}

 private:
  friend void count_flop(double flop);
  friend void count_executed_flop(double flop);
  friend void count_conv2d(const Conv2dInputs& inputs, const Conv2dDesc& desc);
  double flop_ = 0, executed_flop_ = 0;
  OpCounter* outer_;
};

void count_flop(double flop);
void count_executed_flop(double flop);
void count_conv2d(const Conv2dInputs& inputs, const Conv2dDesc& desc);

}  // namespace duhdr
