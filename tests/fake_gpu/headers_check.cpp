// SPDX-License-Identifier: Apache-2.0
// The fake GPU's headers against NVIDIA's, where those are installed: it compiles, or they differ. Both are in this one
// file, the fake's in a namespace of their own.
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <cstddef>
#include <type_traits>

namespace fake {
#include "tests/fake_gpu/include/cublas_v2.h"
#include "tests/fake_gpu/include/cuda_runtime.h"
#include "tests/fake_gpu/include/cudnn.h"
}  // namespace fake

namespace {

/// Whether two types are the same but for the namespace.
template <class A, class B>
struct Same : std::is_same<A, B> {};
template <class A, class B>
struct Same<A*, B*> : Same<A, B> {};
template <class A, class B>
struct Same<const A, const B> : Same<A, B> {};
template <class A, class... As, class B, class... Bs>
struct Same<A(As...), B(Bs...)>
    : std::bool_constant<sizeof...(As) == sizeof...(Bs) && (Same<A, B>::value && ... && Same<As, Bs>::value)> {};
template <class A, class... As, class B, class... Bs>
struct Same<A(As...) noexcept, B(Bs...)> : Same<A(As...), B(Bs...)> {};

#define SAME_TYPE(name) \
  template <>           \
  struct Same<::name, fake::name> : std::true_type {}
#define SAME_VALUE(name) static_assert(static_cast<int>(::name) == static_cast<int>(fake::name), #name)
#define SAME_FUNCTION(name) static_assert(Same<decltype(::name), decltype(fake::name)>::value, #name)
#define SAME_MEMBER(type, name) \
  static_assert(Same<decltype(::type::name), decltype(fake::type::name)>::value, #type " " #name)

SAME_TYPE(cudaError);
SAME_TYPE(cudaMemcpyKind);
SAME_TYPE(cudaStreamCaptureMode);
SAME_TYPE(cudaDeviceProp);
SAME_TYPE(cublasStatus_t);
SAME_TYPE(cublasOperation_t);
SAME_TYPE(cudaDataType_t);
SAME_TYPE(cublasComputeType_t);
SAME_TYPE(cublasGemmAlgo_t);
SAME_TYPE(cudnnStatus_t);
SAME_TYPE(cudnnDataType_t);
SAME_TYPE(cudnnTensorFormat_t);
SAME_TYPE(cudnnConvolutionMode_t);
SAME_TYPE(cudnnMathType_t);
SAME_TYPE(cudnnDeterminism_t);
SAME_TYPE(cudnnConvolutionFwdAlgo_t);
SAME_TYPE(cudnnConvolutionBwdDataAlgo_t);
SAME_TYPE(cudnnConvolutionBwdFilterAlgo_t);
SAME_TYPE(cudnnConvolutionFwdAlgoPerf_t);
SAME_TYPE(cudnnConvolutionBwdDataAlgoPerf_t);
SAME_TYPE(cudnnConvolutionBwdFilterAlgoPerf_t);

}  // namespace

SAME_VALUE(cudaSuccess);
SAME_VALUE(cudaErrorInvalidValue);
SAME_VALUE(cudaErrorMemoryAllocation);
SAME_VALUE(cudaErrorCudartUnloading);
SAME_VALUE(cudaErrorInsufficientDriver);
SAME_VALUE(cudaErrorInvalidDevice);
SAME_VALUE(cudaErrorInvalidResourceHandle);
SAME_VALUE(cudaErrorNotReady);
SAME_VALUE(cudaErrorIllegalAddress);
SAME_VALUE(cudaErrorStreamCaptureUnsupported);
SAME_VALUE(cudaErrorStreamCaptureInvalidated);
SAME_VALUE(cudaErrorStreamCaptureUnmatched);
SAME_VALUE(cudaErrorStreamCaptureIsolation);
SAME_VALUE(cudaErrorCapturedEvent);
SAME_VALUE(cudaMemcpyHostToHost);
SAME_VALUE(cudaMemcpyHostToDevice);
SAME_VALUE(cudaMemcpyDeviceToHost);
SAME_VALUE(cudaMemcpyDeviceToDevice);
SAME_VALUE(cudaMemcpyDefault);
SAME_VALUE(cudaStreamCaptureModeGlobal);
SAME_VALUE(cudaStreamCaptureModeThreadLocal);
SAME_VALUE(cudaStreamCaptureModeRelaxed);
SAME_VALUE(CUBLAS_STATUS_SUCCESS);
SAME_VALUE(CUBLAS_STATUS_INVALID_VALUE);
SAME_VALUE(CUBLAS_STATUS_EXECUTION_FAILED);
SAME_VALUE(CUBLAS_STATUS_NOT_SUPPORTED);
SAME_VALUE(CUBLAS_OP_N);
SAME_VALUE(CUBLAS_OP_T);
SAME_VALUE(CUDA_R_32F);
SAME_VALUE(CUDA_R_16BF);
SAME_VALUE(CUBLAS_COMPUTE_32F);
SAME_VALUE(CUBLAS_GEMM_DEFAULT);
SAME_VALUE(CUDNN_STATUS_SUCCESS);
SAME_VALUE(CUDNN_STATUS_BAD_PARAM);
SAME_VALUE(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT);
SAME_VALUE(CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH);
SAME_VALUE(CUDNN_STATUS_NOT_SUPPORTED);
SAME_VALUE(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT);
SAME_VALUE(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED);
SAME_VALUE(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED);
SAME_VALUE(CUDNN_STATUS_EXECUTION_FAILED);
SAME_VALUE(CUDNN_DATA_FLOAT);
SAME_VALUE(CUDNN_DATA_BFLOAT16);
SAME_VALUE(CUDNN_TENSOR_NCHW);
SAME_VALUE(CUDNN_TENSOR_NHWC);
SAME_VALUE(CUDNN_CONVOLUTION);
SAME_VALUE(CUDNN_CROSS_CORRELATION);
SAME_VALUE(CUDNN_DEFAULT_MATH);
SAME_VALUE(CUDNN_TENSOR_OP_MATH);
SAME_VALUE(CUDNN_FMA_MATH);
SAME_VALUE(CUDNN_NON_DETERMINISTIC);
SAME_VALUE(CUDNN_DETERMINISTIC);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_GEMM);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_DIRECT);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_FFT);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED);
SAME_VALUE(CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_0);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_1);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING);
SAME_VALUE(CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);

SAME_FUNCTION(cudaGetLastError);
SAME_FUNCTION(cudaGetErrorString);
SAME_FUNCTION(cudaGetDeviceCount);
SAME_FUNCTION(cudaSetDevice);
SAME_FUNCTION(cudaGetDeviceProperties);
SAME_FUNCTION(cudaDeviceSynchronize);
SAME_FUNCTION(cudaMalloc);
SAME_FUNCTION(cudaFree);
SAME_FUNCTION(cudaMallocHost);
SAME_FUNCTION(cudaFreeHost);
SAME_FUNCTION(cudaMemGetInfo);
SAME_FUNCTION(cudaMemcpyAsync);
SAME_FUNCTION(cudaStreamCreateWithFlags);
SAME_FUNCTION(cudaStreamDestroy);
SAME_FUNCTION(cudaStreamSynchronize);
SAME_FUNCTION(cudaStreamWaitEvent);
SAME_FUNCTION(cudaEventCreateWithFlags);
SAME_FUNCTION(cudaEventDestroy);
SAME_FUNCTION(cudaEventRecord);
SAME_FUNCTION(cudaEventQuery);
SAME_FUNCTION(cudaEventSynchronize);
SAME_FUNCTION(cudaStreamBeginCapture);
SAME_FUNCTION(cudaStreamEndCapture);
SAME_FUNCTION(cudaGraphInstantiate);
SAME_FUNCTION(cudaGraphDestroy);
SAME_FUNCTION(cudaGraphLaunch);
SAME_FUNCTION(cudaGraphExecDestroy);
SAME_FUNCTION(cublasCreate);
SAME_FUNCTION(cublasDestroy);
SAME_FUNCTION(cublasSetStream);
SAME_FUNCTION(cublasGetStatusString);
// It has an overload; this is the one that stands in the library.
using Gemm = cublasStatus_t(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void*,
                            const void*, cudaDataType_t, int, const void*, cudaDataType_t, int, const void*, void*,
                            cudaDataType_t, int, cublasComputeType_t, cublasGemmAlgo_t);
[[maybe_unused]] Gemm* const gemm = ::cublasGemmEx;
static_assert(Same<Gemm, decltype(fake::cublasGemmEx)>::value);
SAME_FUNCTION(cudnnCreate);
SAME_FUNCTION(cudnnDestroy);
SAME_FUNCTION(cudnnSetStream);
SAME_FUNCTION(cudnnGetErrorString);
SAME_FUNCTION(cudnnCreateTensorDescriptor);
SAME_FUNCTION(cudnnSetTensor4dDescriptor);
SAME_FUNCTION(cudnnDestroyTensorDescriptor);
SAME_FUNCTION(cudnnCreateFilterDescriptor);
SAME_FUNCTION(cudnnSetFilter4dDescriptor);
SAME_FUNCTION(cudnnDestroyFilterDescriptor);
SAME_FUNCTION(cudnnCreateConvolutionDescriptor);
SAME_FUNCTION(cudnnSetConvolution2dDescriptor);
SAME_FUNCTION(cudnnSetConvolutionGroupCount);
SAME_FUNCTION(cudnnSetConvolutionMathType);
SAME_FUNCTION(cudnnDestroyConvolutionDescriptor);
SAME_FUNCTION(cudnnGetConvolutionForwardAlgorithm_v7);
SAME_FUNCTION(cudnnGetConvolutionForwardWorkspaceSize);
SAME_FUNCTION(cudnnConvolutionForward);
SAME_FUNCTION(cudnnGetConvolutionBackwardDataAlgorithm_v7);
SAME_FUNCTION(cudnnGetConvolutionBackwardDataWorkspaceSize);
SAME_FUNCTION(cudnnConvolutionBackwardData);
SAME_FUNCTION(cudnnGetConvolutionBackwardFilterAlgorithm_v7);
SAME_FUNCTION(cudnnGetConvolutionBackwardFilterWorkspaceSize);
SAME_FUNCTION(cudnnConvolutionBackwardFilter);

SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, algo);
SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, status);
SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, time);
SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, memory);
SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, determinism);
SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, mathType);
SAME_MEMBER(cudnnConvolutionFwdAlgoPerf_t, reserved);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, algo);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, status);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, time);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, memory);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, determinism);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, mathType);
SAME_MEMBER(cudnnConvolutionBwdDataAlgoPerf_t, reserved);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, algo);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, status);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, time);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, memory);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, determinism);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, mathType);
SAME_MEMBER(cudnnConvolutionBwdFilterAlgoPerf_t, reserved);
SAME_MEMBER(cudaDeviceProp, name);
SAME_MEMBER(cudaDeviceProp, major);
SAME_MEMBER(cudaDeviceProp, minor);
