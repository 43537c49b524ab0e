// SPDX-License-Identifier: Apache-2.0
#include "kernels/linear_cublas.h"

namespace duhdr::cuda {

void multiply(const Factor&, const Factor&, Tensor&) {
  throw Error(ExitCode::device, "a matrix product on a GPU in a build without CUDA");
}

}  // namespace duhdr::cuda
