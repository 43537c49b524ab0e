// SPDX-License-Identifier: Apache-2.0
#include "kernels/linear_cublas.h"

#include <limits>

#include "tensor/cuda_context.h"

namespace duhdr::cuda {
namespace {

cudaDataType_t data_type_of(DType dtype) {
  DUHDR_CHECK(dtype == DType::f32 || dtype == DType::bf16, "no matrix product in ", name_of(dtype), " on a GPU");
  return dtype == DType::f32 ? CUDA_R_32F : CUDA_R_16BF;
}

int narrow(std::int64_t extent) {
  DUHDR_CHECK(extent <= std::numeric_limits<int>::max(), "a matrix side of ", extent);
  return static_cast<int>(extent);
}

cublasOperation_t operation_of(const Factor& factor) { return factor.transposed ? CUBLAS_OP_T : CUBLAS_OP_N; }

}  // namespace

// cuBLAS counts by columns, we by rows: it sees every matrix transposed, and product^T = b^T a^T.
void multiply(const Factor& a, const Factor& b, Tensor& product) {
  const Context& context = context_of(product.device());
  const float one = 1, zero = 0;
  const cudaDataType_t type = data_type_of(a.matrix.dtype());
  DUHDR_CUBLAS(cublasGemmEx(context.cublas, operation_of(b), operation_of(a), narrow(b.columns()), narrow(a.rows()),
                            narrow(a.columns()), &one, b.matrix.raw(), type, narrow(b.matrix.shape()[1]),
                            a.matrix.raw(), type, narrow(a.matrix.shape()[1]), &zero, product.mutable_data<float>(),
                            CUDA_R_32F, narrow(b.columns()), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

}  // namespace duhdr::cuda
