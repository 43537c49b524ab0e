// SPDX-License-Identifier: Apache-2.0
// cuDNN's convolutions on the fake GPU.
#include <cudnn.h>

#include <algorithm>
#include <cstring>

#include "tests/fake_gpu/convolution.h"
#include "tests/fake_gpu/machine.h"

using namespace duhdr::fake_gpu;

struct cudnnContext {
  cudaStream_t stream = nullptr;
};
struct cudnnTensorStruct {
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int n = 0, c = 0, h = 0, w = 0;
};
struct cudnnFilterStruct {
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  int k = 0, c = 0, h = 0, w = 0;
};
struct cudnnConvolutionStruct {
  int pad_h = 0, pad_w = 0, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1, groups = 1;
  cudnnConvolutionMode_t mode = CUDNN_CONVOLUTION;
  cudnnDataType_t compute = CUDNN_DATA_FLOAT;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};

namespace {

template <class F>
cudnnStatus_t call(const char* function, F f) {
  check_alive(function);
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  if (const int status = machine.injected(function)) return static_cast<cudnnStatus_t>(status);
  if (machine.broken != cudaSuccess) return CUDNN_STATUS_EXECUTION_FAILED;
  return f(machine);
}

enum class Direction : unsigned char { forward, backward_input, backward_filter };

/// A convolution by its descriptors; x and y are dx and dy on the way back.
struct Problem {
  const cudnnTensorStruct& x;
  const cudnnFilterStruct& w;
  const cudnnConvolutionStruct& convolution;
  const cudnnTensorStruct& y;

  static int extent(int in, int pad, int kernel, int dilation, int stride) {
    return 1 + (in + 2 * pad - ((kernel - 1) * dilation + 1)) / stride;
  }
  cudnnStatus_t check() const {
    const cudnnConvolutionStruct& s = convolution;
    if (x.format != CUDNN_TENSOR_NHWC || y.format != CUDNN_TENSOR_NHWC || w.format != CUDNN_TENSOR_NHWC)
      return CUDNN_STATUS_NOT_SUPPORTED_LAYOUT;
    if (x.type != y.type || x.type != w.type || s.compute != CUDNN_DATA_FLOAT || s.mode != CUDNN_CROSS_CORRELATION)
      return CUDNN_STATUS_NOT_SUPPORTED;
    if (x.n != y.n || x.c != w.c * s.groups || w.k % s.groups != 0 || y.c != w.k ||
        y.h != extent(x.h, s.pad_h, w.h, s.dilation_h, s.stride_h) ||
        y.w != extent(x.w, s.pad_w, w.w, s.dilation_w, s.stride_w))
      return CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH;
    return CUDNN_STATUS_SUCCESS;
  }
  Convolution arithmetic() const {
    const cudnnConvolutionStruct& s = convolution;
    const bool f32 = x.type == CUDNN_DATA_FLOAT;
    return {f32 ? Number::f32 : Number::bf16,
            f32 && s.math != CUDNN_FMA_MATH,
            x.n,
            x.h,
            x.w,
            x.c,
            w.k,
            w.h,
            w.w,
            y.h,
            y.w,
            s.pad_h,
            s.pad_w,
            s.stride_h,
            s.stride_w,
            s.dilation_h,
            s.dilation_w,
            s.groups};
  }
  static std::size_t bytes_of(cudnnDataType_t type, int a, int b, int c, int d) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
           static_cast<std::size_t>(d) * (type == CUDNN_DATA_FLOAT ? 4 : 2);
  }
  std::size_t x_bytes() const { return bytes_of(x.type, x.n, x.c, x.h, x.w); }
  std::size_t w_bytes() const { return bytes_of(w.type, w.k, w.c, w.h, w.w); }
  std::size_t y_bytes() const { return bytes_of(y.type, y.n, y.c, y.h, y.w); }
};

/// What is known of an algorithm. `source`: whether that is NVIDIA's documentation, a measurement on a GPU, or a guess.
struct Algorithm {
  Direction direction;
  int number;
  bool deterministic;                        // documented for every row
  std::size_t (*workspace)(const Problem&);  // bytes; guessed for every row
  bool (*refuses)(const Problem&);
  const char* source;
};

bool never(const Problem&) { return false; }
bool always(const Problem&) { return true; }
bool is_dilated_or_grouped(const Problem& p) {
  return p.convolution.dilation_h != 1 || p.convolution.dilation_w != 1 || p.convolution.groups != 1;
}
bool is_no_plain_3x3(const Problem& p) {
  return p.w.h != 3 || p.w.w != 3 || p.convolution.stride_h != 1 || p.convolution.stride_w != 1 ||
         is_dilated_or_grouped(p);
}
std::size_t nothing(const Problem&) { return 0; }
std::size_t some(const Problem& p) { return p.y_bytes() / 2 + 1000; }
std::size_t much(const Problem&) { return std::size_t{512} << 20; }  // more than duhdr likes to take

// In the order of their rank.
constexpr Algorithm algorithms[] = {
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD_NONFUSED, true, much, is_no_plain_3x3, "guessed"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM, true, some, never, "documented"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, true, nothing, never, "documented"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_GEMM, true, some, is_dilated_or_grouped, "guessed"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_FFT, true, much, always, "guessed: not in NHWC"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_FFT_TILING, true, much, always, "guessed: not in NHWC"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD, true, some, always, "guessed: not in NHWC"},
    {Direction::forward, CUDNN_CONVOLUTION_FWD_ALGO_DIRECT, true, nothing, always,
     "documented: cuDNN lists it and has none"},
    {Direction::backward_input, CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, false, nothing, never, "documented"},
    {Direction::backward_input, CUDNN_CONVOLUTION_BWD_DATA_ALGO_1, true, some, never, "documented"},
    {Direction::backward_input, CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT, true, much, always, "guessed: not in NHWC"},
    {Direction::backward_input, CUDNN_CONVOLUTION_BWD_DATA_ALGO_FFT_TILING, true, much, always, "guessed: not in NHWC"},
    {Direction::backward_input, CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD, true, some, always, "guessed: not in NHWC"},
    {Direction::backward_input, CUDNN_CONVOLUTION_BWD_DATA_ALGO_WINOGRAD_NONFUSED, true, much, always,
     "guessed: not in NHWC"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, false, nothing, never, "documented"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_3, false, some, never, "documented"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1, true, some, never, "documented"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT, true, much, always, "guessed: not in NHWC"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_FFT_TILING, true, much, always,
     "guessed: not in NHWC"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD, true, nothing, always,
     "documented: cuDNN lists it and has none"},
    {Direction::backward_filter, CUDNN_CONVOLUTION_BWD_FILTER_ALGO_WINOGRAD_NONFUSED, true, much, always,
     "guessed: not in NHWC"},
};

const Algorithm* find(Direction direction, int number) {
  const auto* found = std::ranges::find_if(
      algorithms, [&](const Algorithm& row) { return row.direction == direction && row.number == number; });
  return found == std::end(algorithms) ? nullptr : found;
}

template <class Ranked>
cudnnStatus_t rank(const char* function, Direction direction, const Problem& p, int asked, int* found, Ranked* ranked) {
  return call(function, [&](Machine&) {
    *found = 0;
    if (const cudnnStatus_t status = p.check(); status != CUDNN_STATUS_SUCCESS) return status;
    for (const bool refused : {false, true})  // those come last
      for (const Algorithm& row : algorithms) {
        if (row.direction != direction || row.refuses(p) != refused || *found == asked) continue;
        Ranked& out = ranked[(*found)++];
        out = {};
        out.algo = static_cast<decltype(out.algo)>(row.number);
        out.status = refused ? CUDNN_STATUS_NOT_SUPPORTED : CUDNN_STATUS_SUCCESS;
        out.memory = row.workspace(p);
        out.determinism = row.deterministic ? CUDNN_DETERMINISTIC : CUDNN_NON_DETERMINISTIC;
        out.mathType = p.x.type == CUDNN_DATA_FLOAT ? CUDNN_DEFAULT_MATH : CUDNN_TENSOR_OP_MATH;
      }
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t workspace_size(const char* function, Direction direction, const Problem& p, int number,
                             std::size_t* bytes) {
  return call(function, [&](Machine&) {
    if (const cudnnStatus_t status = p.check(); status != CUDNN_STATUS_SUCCESS) return status;
    const Algorithm* row = find(direction, number);
    if (!row) return CUDNN_STATUS_BAD_PARAM;
    if (row->refuses(p)) return CUDNN_STATUS_NOT_SUPPORTED;
    *bytes = row->workspace(p);
    return CUDNN_STATUS_SUCCESS;
  });
}

/// The arrays of one call. `sum` is the result.
struct Arrays {
  Range first, second, sum;
  void* workspace;
  std::size_t workspace_bytes;
};

/// Queues a convolution: `compute` does it with the alpha and beta that it is given.
template <class F>
cudnnStatus_t run(const char* function, cudnnHandle_t handle, Direction direction, const Problem& p, int number,
                  const Arrays& arrays, const void* alpha, const void* beta, F compute) {
  return call(function, [&](Machine& machine) {
    if (const cudnnStatus_t status = p.check(); status != CUDNN_STATUS_SUCCESS) return status;
    const Algorithm* row = find(direction, number);
    if (!row) return CUDNN_STATUS_BAD_PARAM;
    if (row->refuses(p)) return CUDNN_STATUS_NOT_SUPPORTED;
    const std::size_t scratch = row->workspace(p);
    if (arrays.workspace_bytes < scratch) return CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT;
    Blend blend{*static_cast<const float*>(alpha), *static_cast<const float*>(beta)};
    Work work{function,
              [&machine, row, scratch, blend, arrays, compute, s = p.arithmetic()]() mutable {
                if (scratch > 0) std::memset(arrays.workspace, 0x7F, std::min(scratch, std::size_t{1} << 20));
                // Sums in another order every time: what atomic additions do.
                if (!row->deterministic && machine.coin(2)) blend.alpha *= 1 + 1e-6;
                compute(s, blend);
              },
              {arrays.first, arrays.second, arrays.sum}};
    if (scratch > 0) work.touches.push_back({arrays.workspace, scratch});
    return machine.add(handle->stream, std::move(work)) == cudaSuccess ? CUDNN_STATUS_SUCCESS
                                                                       : CUDNN_STATUS_EXECUTION_FAILED;
  });
}

template <class Descriptor>
cudnnStatus_t create(Descriptor** descriptor) {
  *descriptor = new Descriptor();
  return CUDNN_STATUS_SUCCESS;
}

template <class Descriptor>
cudnnStatus_t destroy(Descriptor* descriptor) {
  check_alive("the end of a descriptor");
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}

bool are_positive(std::initializer_list<int> values) {
  return std::ranges::all_of(values, [](int value) { return value > 0; });
}

}  // namespace

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return call("cudnnCreate", [&](Machine&) {
    *handle = new cudnnContext();
    Machine::end_with_program();
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return call("cudnnDestroy", [&](Machine&) {
    delete handle;
    return CUDNN_STATUS_SUCCESS;
  });
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return call("cudnnSetStream", [&](Machine&) {
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
  });
}

const char* cudnnGetErrorString(cudnnStatus_t) { return "a cuDNN error of the fake GPU"; }

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor) { return create(descriptor); }
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor) { return destroy(descriptor); }
cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* descriptor) { return create(descriptor); }
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t descriptor) { return destroy(descriptor); }
cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* descriptor) { return create(descriptor); }
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t descriptor) { return destroy(descriptor); }

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t descriptor, cudnnTensorFormat_t format,
                                         cudnnDataType_t type, int n, int c, int h, int w) {
  if (!are_positive({n, c, h, w})) return CUDNN_STATUS_BAD_PARAM;
  *descriptor = {format, type, n, c, h, w};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t descriptor, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int k, int c, int h, int w) {
  if (!are_positive({k, c, h, w})) return CUDNN_STATUS_BAD_PARAM;
  *descriptor = {format, type, k, c, h, w};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t descriptor, int pad_h, int pad_w,
                                              int stride_h, int stride_w, int dilation_h, int dilation_w,
                                              cudnnConvolutionMode_t mode, cudnnDataType_t compute) {
  if (pad_h < 0 || pad_w < 0 || !are_positive({stride_h, stride_w, dilation_h, dilation_w}))
    return CUDNN_STATUS_BAD_PARAM;
  *descriptor = {pad_h, pad_w, stride_h, stride_w, dilation_h, dilation_w, 1, mode, compute, CUDNN_DEFAULT_MATH};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t descriptor, int groups) {
  if (groups <= 0) return CUDNN_STATUS_BAD_PARAM;
  descriptor->groups = groups;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t descriptor, cudnnMathType_t math) {
  descriptor->math = math;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                     const cudnnFilterDescriptor_t w,
                                                     const cudnnConvolutionDescriptor_t convolution,
                                                     const cudnnTensorDescriptor_t y, const int asked, int* found,
                                                     cudnnConvolutionFwdAlgoPerf_t* ranked) {
  return rank("cudnnGetConvolutionForwardAlgorithm_v7", Direction::forward, {*x, *w, *convolution, *y}, asked, found,
              ranked);
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                      const cudnnFilterDescriptor_t w,
                                                      const cudnnConvolutionDescriptor_t convolution,
                                                      const cudnnTensorDescriptor_t y,
                                                      cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
  return workspace_size("cudnnGetConvolutionForwardWorkspaceSize", Direction::forward, {*x, *w, *convolution, *y},
                        algorithm, bytes);
}

cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha, const cudnnTensorDescriptor_t x_layout,
                                      const void* x, const cudnnFilterDescriptor_t w_layout, const void* w,
                                      const cudnnConvolutionDescriptor_t convolution,
                                      cudnnConvolutionFwdAlgo_t algorithm, void* workspace, std::size_t bytes,
                                      const void* beta, const cudnnTensorDescriptor_t y_layout, void* y) {
  const Problem p{*x_layout, *w_layout, *convolution, *y_layout};
  const Arrays arrays{{x, p.x_bytes()}, {w, p.w_bytes()}, {y, p.y_bytes()}, workspace, bytes};
  return run("cudnnConvolutionForward", handle, Direction::forward, p, algorithm, arrays, alpha, beta,
             [=](const Convolution& s, Blend blend) { convolve(s, x, w, blend, y); });
}

cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(cudnnHandle_t, const cudnnFilterDescriptor_t w,
                                                          const cudnnTensorDescriptor_t dy,
                                                          const cudnnConvolutionDescriptor_t convolution,
                                                          const cudnnTensorDescriptor_t dx, const int asked, int* found,
                                                          cudnnConvolutionBwdDataAlgoPerf_t* ranked) {
  return rank("cudnnGetConvolutionBackwardDataAlgorithm_v7", Direction::backward_input, {*dx, *w, *convolution, *dy},
              asked, found, ranked);
}

cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(cudnnHandle_t, const cudnnFilterDescriptor_t w,
                                                           const cudnnTensorDescriptor_t dy,
                                                           const cudnnConvolutionDescriptor_t convolution,
                                                           const cudnnTensorDescriptor_t dx,
                                                           cudnnConvolutionBwdDataAlgo_t algorithm,
                                                           std::size_t* bytes) {
  return workspace_size("cudnnGetConvolutionBackwardDataWorkspaceSize", Direction::backward_input,
                        {*dx, *w, *convolution, *dy}, algorithm, bytes);
}

cudnnStatus_t cudnnConvolutionBackwardData(cudnnHandle_t handle, const void* alpha,
                                           const cudnnFilterDescriptor_t w_layout, const void* w,
                                           const cudnnTensorDescriptor_t dy_layout, const void* dy,
                                           const cudnnConvolutionDescriptor_t convolution,
                                           cudnnConvolutionBwdDataAlgo_t algorithm, void* workspace, std::size_t bytes,
                                           const void* beta, const cudnnTensorDescriptor_t dx_layout, void* dx) {
  const Problem p{*dx_layout, *w_layout, *convolution, *dy_layout};
  const Arrays arrays{{w, p.w_bytes()}, {dy, p.y_bytes()}, {dx, p.x_bytes()}, workspace, bytes};
  return run("cudnnConvolutionBackwardData", handle, Direction::backward_input, p, algorithm, arrays, alpha, beta,
             [=](const Convolution& s, Blend blend) { convolve_back_to_input(s, w, dy, blend, dx); });
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                            const cudnnTensorDescriptor_t dy,
                                                            const cudnnConvolutionDescriptor_t convolution,
                                                            const cudnnFilterDescriptor_t dw, const int asked,
                                                            int* found, cudnnConvolutionBwdFilterAlgoPerf_t* ranked) {
  return rank("cudnnGetConvolutionBackwardFilterAlgorithm_v7", Direction::backward_filter, {*x, *dw, *convolution, *dy},
              asked, found, ranked);
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(cudnnHandle_t, const cudnnTensorDescriptor_t x,
                                                             const cudnnTensorDescriptor_t dy,
                                                             const cudnnConvolutionDescriptor_t convolution,
                                                             const cudnnFilterDescriptor_t dw,
                                                             cudnnConvolutionBwdFilterAlgo_t algorithm,
                                                             std::size_t* bytes) {
  return workspace_size("cudnnGetConvolutionBackwardFilterWorkspaceSize", Direction::backward_filter,
                        {*x, *dw, *convolution, *dy}, algorithm, bytes);
}

cudnnStatus_t cudnnConvolutionBackwardFilter(cudnnHandle_t handle, const void* alpha,
                                             const cudnnTensorDescriptor_t x_layout, const void* x,
                                             const cudnnTensorDescriptor_t dy_layout, const void* dy,
                                             const cudnnConvolutionDescriptor_t convolution,
                                             cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace,
                                             std::size_t bytes, const void* beta,
                                             const cudnnFilterDescriptor_t dw_layout, void* dw) {
  const Problem p{*x_layout, *dw_layout, *convolution, *dy_layout};
  const Arrays arrays{{x, p.x_bytes()}, {dy, p.y_bytes()}, {dw, p.w_bytes()}, workspace, bytes};
  return run("cudnnConvolutionBackwardFilter", handle, Direction::backward_filter, p, algorithm, arrays, alpha, beta,
             [=](const Convolution& s, Blend blend) { convolve_back_to_filter(s, x, dy, blend, dw); });
}
