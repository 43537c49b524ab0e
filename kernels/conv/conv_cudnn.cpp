// SPDX-License-Identifier: Apache-2.0
// Convolutions on a GPU through cuDNN. Activations are NHWC, weights are packed to [co, kh, kw, ci] and kept beside the
// weight. A plan (descriptors and the algorithms that can do it) is made once for each problem.
//
// Algorithms come in the order of cuDNN's heuristics, which is the same in every run; timing them would be faster here
// and there, but two runs could then choose differently and end with different bits. Those that add with atomics are
// left out. f32 never goes through TF32.
#include "kernels/conv/conv_cudnn.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "kernels/conv/backend.h"
#include "kernels/conv/epilogue_cuda.h"
#include "tensor/cuda_context.h"

namespace duhdr {
namespace {

using namespace cudnn;

/// Owns one cuDNN descriptor.
template <class Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class Descriptor {
 public:
  Descriptor() { DUHDR_CUDNN(create(&handle_)); }
  ~Descriptor() { (void)destroy(handle_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator Handle() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};
using TensorLayout = Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using FilterLayout = Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using Convolution =
    Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor, cudnnDestroyConvolutionDescriptor>;

struct Candidate {
  int algorithm;  // one of the enumeration of the plan's direction
  cudnnMathType_t math;
  std::size_t workspace;  // bytes
};

struct Plan {
  TensorLayout x, z;  // z: the result as cuDNN computes it, of which y is a window
  FilterLayout weight;
  Convolution convolution;
  Window window;
  bool whole = true;                  // the window is all of z
  std::string text;                   // for messages
  std::vector<Candidate> candidates;  // best first
};

int to_int(std::int64_t value) {
  DUHDR_CHECK(value >= 0 && value <= 0x7FFFFFFF, "an extent of ", value, " in a convolution");
  return static_cast<int>(value);
}

/// One axis: the padding of both ends, the extent of z, and where y begins in it.
struct Axis {
  std::int64_t pad, extent, begin;
};

/// cuDNN pads both ends alike. Where ours differ (2x2 phase convolutions), both get the larger: z grows.
Axis axis_of(std::int64_t in, std::int64_t out, std::int64_t before, std::int64_t after, std::int64_t kernel,
             const ConvProblem& p) {
  const std::int64_t reach = (kernel - 1) * p.dilation + 1;
  const auto extent = [&](std::int64_t pad) { return (in + 2 * pad - reach) / p.stride + 1; };
  if (in + 2 * before >= reach && extent(before) == out) return {before, out, 0};
  const std::int64_t pad = std::max(before, after);
  DUHDR_CHECK((pad - before) % p.stride == 0, "padding ", before, " and ", after, " at stride ", p.stride);
  return {pad, extent(pad), (pad - before) / p.stride};
}

void describe(Plan& plan, const ConvProblem& p) {
  DUHDR_CHECK(p.dtype == DType::f32 || p.dtype == DType::bf16, "no cuDNN convolution in ", name_of(p.dtype));
  const Axis rows = axis_of(p.h, p.oh, p.pad_top, p.pad_bottom(), p.kh, p);
  const Axis columns = axis_of(p.w, p.ow, p.pad_left, p.pad_right(), p.kw, p);
  plan.window = {rows.extent, columns.extent, rows.begin, columns.begin};
  plan.whole = rows.extent == p.oh && columns.extent == p.ow;
  const cudnnDataType_t type = p.dtype == DType::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  DUHDR_CUDNN(
      cudnnSetTensor4dDescriptor(plan.x, CUDNN_TENSOR_NHWC, type, to_int(p.n), to_int(p.ci), to_int(p.h), to_int(p.w)));
  DUHDR_CUDNN(cudnnSetTensor4dDescriptor(plan.z, CUDNN_TENSOR_NHWC, type, to_int(p.n), to_int(p.co),
                                         to_int(rows.extent), to_int(columns.extent)));
  DUHDR_CUDNN(cudnnSetFilter4dDescriptor(plan.weight, type, CUDNN_TENSOR_NHWC, to_int(p.co),
                                         p.depthwise ? 1 : to_int(p.ci), to_int(p.kh), to_int(p.kw)));
  const int stride = to_int(p.stride), dilation = to_int(p.dilation);
  DUHDR_CUDNN(cudnnSetConvolution2dDescriptor(plan.convolution, to_int(rows.pad), to_int(columns.pad), stride, stride,
                                              dilation, dilation, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
  DUHDR_CUDNN(cudnnSetConvolutionGroupCount(plan.convolution, p.depthwise ? to_int(p.ci) : 1));
  DUHDR_CUDNN(
      cudnnSetConvolutionMathType(plan.convolution, p.dtype == DType::bf16 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH));
}

// What the three directions call, with the arguments in each one's order.
struct Forward {
  using Ranked = cudnnConvolutionFwdAlgoPerf_t;
  using Algorithm = cudnnConvolutionFwdAlgo_t;
  static constexpr int count = CUDNN_CONVOLUTION_FWD_ALGO_COUNT;
  static constexpr ConvDirection direction = ConvDirection::forward;
  static cudnnStatus_t rank(cudnnHandle_t handle, const Plan& plan, int* found, Ranked* ranked) {
    return cudnnGetConvolutionForwardAlgorithm_v7(handle, plan.x, plan.weight, plan.convolution, plan.z, count, found,
                                                  ranked);
  }
  static cudnnStatus_t workspace(cudnnHandle_t handle, const Plan& plan, Algorithm algorithm, std::size_t* bytes) {
    return cudnnGetConvolutionForwardWorkspaceSize(handle, plan.x, plan.weight, plan.convolution, plan.z, algorithm,
                                                   bytes);
  }
};

struct BackwardInput {
  using Ranked = cudnnConvolutionBwdDataAlgoPerf_t;
  using Algorithm = cudnnConvolutionBwdDataAlgo_t;
  static constexpr int count = CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT;
  static constexpr ConvDirection direction = ConvDirection::backward_input;
  static cudnnStatus_t rank(cudnnHandle_t handle, const Plan& plan, int* found, Ranked* ranked) {
    return cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, plan.weight, plan.z, plan.convolution, plan.x, count,
                                                       found, ranked);
  }
  static cudnnStatus_t workspace(cudnnHandle_t handle, const Plan& plan, Algorithm algorithm, std::size_t* bytes) {
    return cudnnGetConvolutionBackwardDataWorkspaceSize(handle, plan.weight, plan.z, plan.convolution, plan.x,
                                                        algorithm, bytes);
  }
};

struct BackwardWeight {
  using Ranked = cudnnConvolutionBwdFilterAlgoPerf_t;
  using Algorithm = cudnnConvolutionBwdFilterAlgo_t;
  static constexpr int count = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT;
  static constexpr ConvDirection direction = ConvDirection::backward_weight;
  static cudnnStatus_t rank(cudnnHandle_t handle, const Plan& plan, int* found, Ranked* ranked) {
    return cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, plan.x, plan.z, plan.convolution, plan.weight, count,
                                                         found, ranked);
  }
  static cudnnStatus_t workspace(cudnnHandle_t handle, const Plan& plan, Algorithm algorithm, std::size_t* bytes) {
    return cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, plan.x, plan.z, plan.convolution, plan.weight,
                                                          algorithm, bytes);
  }
};

[[noreturn]] void fail(cudnnStatus_t status, const std::string& problem) {
  const bool memory = status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
                      status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
  throw Error(memory ? ExitCode::out_of_memory : ExitCode::device,
              message("cuDNN: ", cudnnGetErrorString(status), " (convolution, ", problem, ")"));
}

bool turned_down(cudnnStatus_t status) { return CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED; }

/// The heuristics answer so too where they know no algorithm for a problem that is well described.
bool not_ranked(cudnnStatus_t status) {
  return turned_down(status) || CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_BAD_PARAM;
}

// A workspace is memory that the network does not have. The heuristics look at time alone and take gigabytes for a few
// percent; up to this size none is worth a slower algorithm.
constexpr std::size_t usual_workspace = std::size_t{256} << 20;  // bytes

template <class Direction>
void find_candidates(cudnnHandle_t handle, Plan& plan, DType dtype) {
  typename Direction::Ranked ranked[Direction::count];
  int found = 0;
  const cudnnStatus_t status = Direction::rank(handle, plan, &found, ranked);
  if (not_ranked(status)) return;
  if (status != CUDNN_STATUS_SUCCESS) fail(status, plan.text);
  for (int i = 0; i < found; ++i) {
    if (ranked[i].status != CUDNN_STATUS_SUCCESS || ranked[i].determinism != CUDNN_DETERMINISTIC) continue;
    Candidate candidate{ranked[i].algo, dtype == DType::f32 ? CUDNN_FMA_MATH : ranked[i].mathType, 0};
    DUHDR_CUDNN(cudnnSetConvolutionMathType(plan.convolution, candidate.math));
    if (Direction::workspace(handle, plan, ranked[i].algo, &candidate.workspace) == CUDNN_STATUS_SUCCESS)
      plan.candidates.push_back(candidate);
  }
  std::ranges::stable_partition(plan.candidates, [](const Candidate& c) { return c.workspace <= usual_workspace; });
}

struct PlanKey {
  ConvProblem problem;
  ConvDirection direction;
  int device;

  bool operator==(const PlanKey&) const = default;
  struct Hash {
    std::size_t operator()(const PlanKey& key) const { return hash_of(key.problem, key.direction, key.device); }
  };
};

struct State {
  std::mutex mutex;  // held for a whole call: a context's handle serves one caller at a time
  std::unordered_map<PlanKey, std::unique_ptr<Plan>, PlanKey::Hash> plans;
  std::vector<std::string> unsupported;
};

/// Never destroyed: cuDNN may be gone when static objects are.
State& state() {
  static auto* instance = new State();
  return *instance;
}

template <class Direction>
Plan& plan_of(cuda::Context& context, const ConvProblem& p) {
  std::unique_ptr<Plan>& plan = state().plans[{p, Direction::direction, context.index}];
  if (plan) return *plan;
  auto made = std::make_unique<Plan>();
  made->text = message(name_of(Direction::direction), " on GPU ", context.index, ", ", p.text());
  describe(*made, p);
  find_candidates<Direction>(context.cudnn, *made, p.dtype);
  plan = std::move(made);
  return *plan;
}

/// Launches the best algorithm whose workspace can be had. Answers false, having launched nothing, when there is none.
template <class Launch>
bool run(Device device, Plan& plan, Launch launch) {
  auto candidate = plan.candidates.begin();
  while (candidate != plan.candidates.end()) {
    Tensor workspace;  // of the stream: it may be handed on as soon as the launch has been made
    try {
      workspace = Tensor(Shape{static_cast<std::int64_t>(candidate->workspace)}, DType::u8, device);
    } catch (const Error& error) {  // a later one may be content with less
      const auto smaller = std::find_if(candidate, plan.candidates.end(),
                                        [&](const Candidate& c) { return c.workspace < candidate->workspace; });
      if (error.code() != ExitCode::out_of_memory || smaller == plan.candidates.end()) throw;
      candidate = smaller;
      continue;
    }
    DUHDR_CUDNN(cudnnSetConvolutionMathType(plan.convolution, candidate->math));
    const cudnnStatus_t status = launch(*candidate, workspace.mutable_raw());
    if (status == CUDNN_STATUS_SUCCESS) return true;
    if (!turned_down(status)) fail(status, plan.text);
    candidate = plan.candidates.erase(candidate);
  }
  auto& known = state().unsupported;
  if (std::find(known.begin(), known.end(), plan.text) == known.end()) known.push_back(plan.text);
  return false;
}

constexpr float zero = 0, one = 1;

bool supports(const ConvProblem& p, ConvDirection) {
  return p.is_plain() && (p.dtype == DType::f32 || p.dtype == DType::bf16);
}

void forward(const ConvProblem& p, const Tensor& x, const Tensor&, const Tensor& weight, const ConvEpilogue& epilogue,
             Tensor& y) {
  const bool accumulate = starts_from_residual(y, epilogue);
  const std::lock_guard lock(state().mutex);
  cuda::Context& context = cuda::context_of(x.device());
  Plan& plan = plan_of<Forward>(context, p);
  const Tensor packed = packed_weight(p, weight);
  Tensor z = plan.whole ? y : Tensor(Shape{p.n, plan.window.h, plan.window.w, p.co}, p.dtype, x.device());
  void* const out = z.mutable_raw();
  const float* const beta = plan.whole && accumulate ? &one : &zero;
  const bool done = run(x.device(), plan, [&](const Candidate& candidate, void* workspace) {
    return cudnnConvolutionForward(context.cudnn, &one, plan.x, x.raw(), plan.weight, packed.raw(), plan.convolution,
                                   static_cast<cudnnConvolutionFwdAlgo_t>(candidate.algorithm), workspace,
                                   candidate.workspace, beta, plan.z, out);
  });
  if (!done) return conv_reference.forward(p, x, {}, weight, epilogue, y);
  if (!plan.whole || epilogue.bias.defined() || epilogue.activation != Activation::none)
    apply_epilogue(z, plan.window, epilogue, y);
}

void backward_input(const ConvProblem& p, const Tensor& dy, const Tensor& weight, const ConvEpilogue& epilogue,
                    Tensor& dx) {
  const std::lock_guard lock(state().mutex);
  cuda::Context& context = cuda::context_of(dy.device());
  Plan& plan = plan_of<BackwardInput>(context, p);
  const Tensor packed = packed_weight(p, weight);
  const Tensor dz = plan.whole ? dy : framed(dy, plan.window);
  void* const out = dx.mutable_raw();
  const bool done = run(dy.device(), plan, [&](const Candidate& candidate, void* workspace) {
    return cudnnConvolutionBackwardData(context.cudnn, &one, plan.weight, packed.raw(), plan.z, dz.raw(),
                                        plan.convolution,
                                        static_cast<cudnnConvolutionBwdDataAlgo_t>(candidate.algorithm), workspace,
                                        candidate.workspace, &zero, plan.x, out);
  });
  if (!done) return conv_reference.backward_input(p, dy, weight, epilogue, dx);
  if (epilogue.bias.defined() || epilogue.activation != Activation::none) apply_epilogue(dx, {}, epilogue, dx);
}

void backward_weight(const ConvProblem& p, const Tensor& x, const Tensor& dy, Tensor& weight_gradient) {
  const std::lock_guard lock(state().mutex);
  cuda::Context& context = cuda::context_of(dy.device());
  Plan& plan = plan_of<BackwardWeight>(context, p);
  const Tensor dz = plan.whole ? dy : framed(dy, plan.window);
  Tensor packed = is_packed(p) ? weight_gradient : Tensor(Shape{p.co, p.kh, p.kw, p.ci}, p.dtype, dy.device());
  void* const out = packed.mutable_raw();
  const bool done = run(dy.device(), plan, [&](const Candidate& candidate, void* workspace) {
    return cudnnConvolutionBackwardFilter(context.cudnn, &one, plan.x, x.raw(), plan.z, dz.raw(), plan.convolution,
                                          static_cast<cudnnConvolutionBwdFilterAlgo_t>(candidate.algorithm), workspace,
                                          candidate.workspace, &zero, plan.weight, out);
  });
  if (!done) return conv_reference.backward_weight(p, x, dy, weight_gradient);
  if (!is_packed(p)) unpack_gradient(p, packed, weight_gradient);
}

}  // namespace

const ConvBackend conv_cudnn{"cuDNN", supports, forward, backward_input, backward_weight};

std::vector<std::string> cudnn::unsupported_problems() {
  const std::lock_guard lock(state().mutex);
  return state().unsupported;
}

}  // namespace duhdr
