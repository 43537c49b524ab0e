// SPDX-License-Identifier: Apache-2.0
// What linear.cu asks of cuBLAS.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

/// A matrix as it enters a product: its transpose where that is said.
struct Factor {
  Tensor matrix;  // [rows, columns]
  bool transposed = false;

  std::int64_t rows() const { return matrix.shape()[transposed ? 1 : 0]; }
  std::int64_t columns() const { return matrix.shape()[transposed ? 0 : 1]; }
};

namespace cuda {
/// product = a b, f32 [a.rows, b.columns]; a and b both in f32 (no TF32) or both in bf16. Throws
/// (device) in a build without CUDA.
void multiply(const Factor& a, const Factor& b, Tensor& product);
}  // namespace cuda

}  // namespace duhdr
