// SPDX-License-Identifier: Apache-2.0
// The live line of a run on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tensor/device.h"

namespace duhdr {

class ProgressLine {
 public:
  /// On a terminal the line is rewritten in place; elsewhere a new one comes every ten seconds. Quiet: none.
  ProgressLine(Device device, bool quiet);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// A new stage of `steps` steps, `done` of them taken.
  void begin(const std::string& stage, std::int64_t done, std::int64_t steps);
  void step(std::int64_t done, double loss, std::int64_t images);

  /// Leaves the line, so that something else can be printed.
  void leave();

  double images_per_second() const { return images_per_second_; }

 private:
  using Clock = std::chrono::steady_clock;
  void print(std::int64_t done, double loss);

  Device device_;
  bool quiet_, terminal_, open_ = false;
  std::string stage_;
  std::int64_t steps_ = 0, first_ = 0, images_ = 0;
  Clock::time_point begin_, last_print_;
  double images_per_second_ = 0;
};

/// Bytes in living tensors of a device at their most, and of this process's memory now.
std::size_t peak_of(Device device);
std::size_t resident_bytes();

}  // namespace duhdr
