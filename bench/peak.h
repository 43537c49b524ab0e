// SPDX-License-Identifier: Apache-2.0
// What the machine can do at most, measured in the process that measures everything else.
#pragma once

#include "tensor/device.h"

namespace duhdr::bench {

struct Peak {
  double flop = 0;   // f32 multiply-adds (2 each) per second; 0 = not measured on this device
  double bytes = 0;  // copied per second, read + written
};

/// On the CPU with cpu_threads() threads: independent fused multiply-adds in registers at the widest vectors of this
/// processor, and copies between two buffers far larger than its caches. On a GPU only the copy is measured, so that
/// the share of the arithmetic peak stays empty there. The best of several rounds of about 50 ms.
Peak measure_peak(Device device);

}  // namespace duhdr::bench
