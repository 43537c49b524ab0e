// SPDX-License-Identifier: Apache-2.0
// The context of one GPU: its stream and library handles, made once, and the check of every CUDA call.
// Only files of the CUDA build include this.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include "base/error.h"
#include "tensor/device.h"

namespace duhdr::cuda {

struct Context {
  int index = 0;
  cudaStream_t stream = nullptr;
  cublasHandle_t cublas = nullptr;
  cudnnHandle_t cudnn = nullptr;

  explicit Context(int device_index);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

/// The context of a GPU, current on the calling thread afterwards.
Context& context_of(Device device);

[[noreturn]] void fail(const char* file, int line, const char* call, const char* reason);

}  // namespace duhdr::cuda

#define DUHDR_CUDA(call)                                                                                               \
  do {                                                                                                                 \
    const cudaError_t duhdr_status = (call);                                                                           \
    if (duhdr_status != cudaSuccess) ::duhdr::cuda::fail(__FILE__, __LINE__, #call, cudaGetErrorString(duhdr_status)); \
  } while (false)
#define DUHDR_CUBLAS(call)                                                                 \
  do {                                                                                     \
    const cublasStatus_t duhdr_status = (call);                                            \
    if (duhdr_status != CUBLAS_STATUS_SUCCESS)                                             \
      ::duhdr::cuda::fail(__FILE__, __LINE__, #call, cublasGetStatusString(duhdr_status)); \
  } while (false)
#define DUHDR_CUDNN(call)                                                                \
  do {                                                                                   \
    const cudnnStatus_t duhdr_status = (call);                                           \
    if (duhdr_status != CUDNN_STATUS_SUCCESS)                                            \
      ::duhdr::cuda::fail(__FILE__, __LINE__, #call, cudnnGetErrorString(duhdr_status)); \
  } while (false)
