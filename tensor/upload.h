// SPDX-License-Identifier: Apache-2.0
// Upload: host tensors on their way to a device while it computes something else.
#pragma once

#include <memory>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

class Upload {
 public:
  /// On a GPU: through page-locked memory, on a stream of its own. Elsewhere there is nothing to do.
  static std::unique_ptr<Upload> to(Device device);
  virtual ~Upload() = default;

  /// Begins to copy; undefined tensors stay undefined. Waits for the copies of the last but one begin() at most.
  virtual void begin(std::vector<Tensor> host) = 0;

  /// The copies of the last begin(), for what the device is asked to do until the next end(). On the CPU they are the
  /// host tensors themselves.
  virtual std::vector<Tensor> end() = 0;
};

}  // namespace duhdr
