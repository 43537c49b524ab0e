// SPDX-License-Identifier: Apache-2.0
// MS-SE: multi-scale squeeze-and-excitation at OOnet's bottleneck (the paper's Sec. 3.4).
#pragma once

#include <string>
#include <vector>

#include "layers/conv2d.h"

namespace duhdr {

/// One CU block on C channels: depthwise 3, 5 and 7 (ReLU each) summed, weighted by squeeze-and-excitation, projected,
/// added to the input. Names: "<prefix>.dw3", ".se.0", ".project".
class CuBlock : public Module {
 public:
  explicit CuBlock(std::int64_t channels);
  Variable operator()(const Variable& x) const;

 private:
  Conv2d &dw3_, &dw5_, &dw7_;
  Linear &squeeze_, &excite_;
  Conv2d& project_;
};

/// [N, H, W, C] -> [N, H, W, C], H and W even. Its averages are over the whole image: never run it on a tile.
class MsSe : public Module {
 public:
  explicit MsSe(std::int64_t channels);
  Variable operator()(const Variable& x) const;

 private:
  Conv2d &entry_, &reduce_, &mix_;
  CuBlock &cu0_, &cu1_, &cu2_;
  Conv2d& out_;
};

}  // namespace duhdr
