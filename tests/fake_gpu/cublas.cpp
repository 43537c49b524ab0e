// SPDX-License-Identifier: Apache-2.0
// cuBLAS on the fake GPU.
#include <cublas_v2.h>

#include <algorithm>

#include "tests/fake_gpu/convolution.h"
#include "tests/fake_gpu/machine.h"

using namespace duhdr::fake_gpu;

struct cublasContext {
  cudaStream_t stream = nullptr;
};

namespace {

template <class F>
cublasStatus_t call(const char* function, F f) {
  check_alive(function);
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  if (const int status = machine.injected(function)) return static_cast<cublasStatus_t>(status);
  if (machine.broken != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  return f(machine);
}

Number number_of(cudaDataType_t type) { return type == CUDA_R_16BF ? Number::bf16 : Number::f32; }

/// A factor of rows x columns, in columns of `ld` elements, or its transpose.
Matrix matrix(const void* data, cudaDataType_t type, int ld, cublasOperation_t operation) {
  const bool transposed = operation == CUBLAS_OP_T;
  return {data, number_of(type), transposed ? ld : 1, transposed ? 1 : ld};
}

std::size_t bytes_of(cudaDataType_t type, int ld, int columns) {
  return static_cast<std::size_t>(ld) * static_cast<std::size_t>(columns) * (type == CUDA_R_16BF ? 2 : 4);
}

}  // namespace

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  return call("cublasCreate", [&](Machine&) {
    *handle = new cublasContext();
    Machine::end_with_program();
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  return call("cublasDestroy", [&](Machine&) {
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
  });
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  return call("cublasSetStream", [&](Machine&) {
    handle->stream = stream;
    return CUBLAS_STATUS_SUCCESS;
  });
}

const char* cublasGetStatusString(cublasStatus_t) { return "a cuBLAS error of the fake GPU"; }

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t operation_a, cublasOperation_t operation_b, int m,
                            int n, int k, const void* alpha, const void* a, cudaDataType_t type_a, int lda,
                            const void* b, cudaDataType_t type_b, int ldb, const void* beta, void* c,
                            cudaDataType_t type_c, int ldc, cublasComputeType_t compute, cublasGemmAlgo_t) {
  return call("cublasGemmEx", [&](Machine& machine) {
    const bool turned_a = operation_a == CUBLAS_OP_T, turned_b = operation_b == CUBLAS_OP_T;
    if (m < 0 || n < 0 || k < 0 || lda < std::max(1, turned_a ? k : m) || ldb < std::max(1, turned_b ? n : k) ||
        ldc < std::max(1, m))
      return CUBLAS_STATUS_INVALID_VALUE;
    if (type_a != type_b || type_c != CUDA_R_32F || compute != CUBLAS_COMPUTE_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
    const Blend blend{*static_cast<const float*>(alpha), *static_cast<const float*>(beta)};
    Work work{"cublasGemmEx",
              [=, left = matrix(a, type_a, lda, operation_a), right = matrix(b, type_b, ldb, operation_b)] {
                multiply(m, n, k, left, right, blend, static_cast<float*>(c), ldc);
              },
              {{a, bytes_of(type_a, lda, turned_a ? m : k)},
               {b, bytes_of(type_b, ldb, turned_b ? k : n)},
               {c, bytes_of(type_c, ldc, n)}}};
    return machine.add(handle->stream, std::move(work)) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                                       : CUBLAS_STATUS_EXECUTION_FAILED;
  });
}
