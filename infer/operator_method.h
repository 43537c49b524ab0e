// SPDX-License-Identifier: Apache-2.0
// OperatorMethod: a row of the table of operators as a method.
#pragma once

#include "infer/method.h"
#include "operators/inverse_operator.h"

namespace duhdr {

/// On the CPU, the whole image at once.
class OperatorMethod : public Method {
 public:
  /// inverse_response: [n] f32 of the mean camera, for a row that needs it. max_memory: bytes of tensors; 0 = no limit.
  explicit OperatorMethod(const InverseOperator& row, Tensor inverse_response = {}, std::size_t max_memory = 0);

  /// Clipped are pixels with a code of 249/255 or more.
  Result ldr_to_hdr(Tensor image, const Progress& progress) override;
  /// Throws usage.
  Result hdr_to_ldr(Tensor hdr, const Progress& progress) override;
  using Method::hdr_to_ldr;
  using Method::ldr_to_hdr;

  Device device() const override { return Device::cpu(); }
  std::size_t max_memory() const override { return max_memory_; }

 private:
  const InverseOperator& row_;
  Tensor inverse_response_;
  std::size_t max_memory_;
};

}  // namespace duhdr
