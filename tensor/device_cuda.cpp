// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <memory>
#include <mutex>

#include "tensor/cuda_backend.h"
#include "tensor/cuda_context.h"

namespace duhdr::cuda {
namespace {

constexpr int max_devices = 64;

void* acquire(std::size_t bytes) {
  void* block = nullptr;
  if (cudaMalloc(&block, bytes) == cudaSuccess) return block;
  (void)cudaGetLastError();  // a failed allocation is no broken device: clear it, or the next launch "fails"
  return nullptr;
}

void release(void* block, std::size_t) { (void)cudaFree(block); }

void check_index(int index) {
  const std::string reason = unavailable_reason();
  if (!reason.empty()) throw Error(ExitCode::device, "cuda: " + reason + "; use --device cpu");
  if (index < 0 || index >= device_count())
    throw Error(ExitCode::device, message("cuda:", index, ": no such GPU (", device_count(), " found)"));
}

}  // namespace

[[noreturn]] void fail(const char* file, int line, const char* call, const char* reason) {
  (void)cudaGetLastError();  // it is told here: who goes on by another way must not find it at the next launch
  throw Error(ExitCode::device, message(file, ":", line, ": ", reason, " in ", call));
}

std::string unavailable_reason() {
  static const std::string reason = [] {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaErrorInsufficientDriver) return std::string("no NVIDIA driver, or one too old for this build");
    if (status != cudaSuccess) return std::string(cudaGetErrorString(status));
    return std::string(count == 0 ? "no NVIDIA GPU found" : "");
  }();
  return reason;
}

int device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) return 0;
  return count < max_devices ? count : max_devices;
}

Context::Context(int device_index) : index(device_index) {
  check_index(index);
  DUHDR_CUDA(cudaSetDevice(index));
  DUHDR_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  DUHDR_CUBLAS(cublasCreate(&cublas));
  DUHDR_CUBLAS(cublasSetStream(cublas, stream));
  DUHDR_CUDNN(cudnnCreate(&cudnn));
  DUHDR_CUDNN(cudnnSetStream(cudnn, stream));
}

Context& context_of(Device device) {
  static std::mutex mutex;
  // Never destroyed: at the end of the program cuDNN and cuBLAS may be gone before their handles.
  static auto& contexts = *new std::array<Context*, max_devices>();
  DUHDR_CHECK(device.is_cuda() && device.index >= 0 && device.index < max_devices, "no GPU context for ",
              device.text());
  {
    const std::lock_guard lock(mutex);
    Context*& context = contexts[static_cast<std::size_t>(device.index)];
    if (!context) context = new Context(device.index);
  }
  DUHDR_CUDA(cudaSetDevice(device.index));
  return *contexts[static_cast<std::size_t>(device.index)];
}

DeviceInfo info_of(int index) {
  check_index(index);
  cudaDeviceProp properties{};
  DUHDR_CUDA(cudaGetDeviceProperties(&properties, index));
  DUHDR_CUDA(cudaSetDevice(index));
  DeviceInfo info;
  info.device = Device::cuda(index);
  info.name = message(properties.name, " (sm_", properties.major, properties.minor, ")");
  DUHDR_CUDA(cudaMemGetInfo(&info.available, &info.memory));
  return info;
}

void synchronize(int index) { DUHDR_CUDA(cudaStreamSynchronize(context_of(Device::cuda(index)).stream)); }

CachingAllocator& allocator_of(int index) {
  static std::mutex mutex;
  // Never destroyed: tensors with static lifetime may outlive any order of destruction we could choose.
  static auto* allocators = new std::array<std::unique_ptr<CachingAllocator>, max_devices>();
  check_index(index);
  const std::lock_guard lock(mutex);
  auto& allocator = (*allocators)[static_cast<std::size_t>(index)];
  if (!allocator)
    allocator =
        std::make_unique<CachingAllocator>(CachingAllocator::Source{acquire, release}, Device::cuda(index).text());
  DUHDR_CUDA(cudaSetDevice(index));
  return *allocator;
}

void copy_bytes(Device to_device, void* to, Device from_device, const void* from, std::size_t bytes) {
  Context& context = context_of(to_device.is_cuda() ? to_device : from_device);
  DUHDR_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, context.stream));
  // The host buffer may be reused or freed as soon as we return.
  if (to_device != from_device) DUHDR_CUDA(cudaStreamSynchronize(context.stream));
}

}  // namespace duhdr::cuda
