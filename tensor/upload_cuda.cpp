// SPDX-License-Identifier: Apache-2.0
#include "tensor/upload.h"

#include <array>
#include <cstring>
#include <utility>

#include "tensor/cuda_backend.h"
#include "tensor/cuda_context.h"

namespace duhdr::cuda {
namespace {

/// Page-locked memory of the host.
class Staging {
 public:
  Staging() = default;
  ~Staging() { (void)cudaFreeHost(bytes_); }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  std::byte* reserve(std::size_t bytes) {
    if (bytes > capacity_) {
      capacity_ = 0;
      DUHDR_CUDA(cudaFreeHost(std::exchange(bytes_, nullptr)));
      void* block = nullptr;
      DUHDR_CUDA(cudaMallocHost(&block, bytes));
      bytes_ = static_cast<std::byte*>(block);
      capacity_ = bytes;
    }
    return bytes_;
  }

 private:
  std::byte* bytes_ = nullptr;
  std::size_t capacity_ = 0;
};

class Event {
 public:
  Event() { DUHDR_CUDA(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming)); }
  ~Event() { (void)cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// One of the two places that take turns: while the copies in one are used, the other is filled.
struct Place {
  Staging staging;
  std::vector<Tensor> tensors;
  Event copied, used;  // used: nothing asked of the GPU after it reads the tensors
};

class ToGpu : public Upload {
 public:
  explicit ToGpu(Device device) : device_(device), compute_(context_of(device).stream) {
    DUHDR_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }

  ~ToGpu() override {
    (void)cudaSetDevice(device_.index);
    (void)cudaStreamSynchronize(stream_);
    (void)cudaStreamDestroy(stream_);
  }
  ToGpu(const ToGpu&) = delete;
  ToGpu& operator=(const ToGpu&) = delete;

  void begin(std::vector<Tensor> host) override {
    current_ = 1 - current_;
    Place& place = places_[current_];
    DUHDR_CUDA(cudaEventSynchronize(place.copied));  // the staging memory is free again
    std::size_t bytes = 0;
    bool is_new = false;
    place.tensors.resize(host.size());
    for (std::size_t i = 0; i < host.size(); ++i) {
      Tensor& tensor = place.tensors[i];
      if (!host[i].defined())
        tensor = {};
      else if (!tensor.defined() || tensor.shape() != host[i].shape() || tensor.dtype() != host[i].dtype())
        tensor = Tensor(host[i].shape(), host[i].dtype(), device_), is_new = true;
      if (host[i].defined()) bytes += host[i].bytes();
    }
    if (is_new) DUHDR_CUDA(cudaEventRecord(place.used, compute_));  // the memory may have had another use until now
    std::byte* staged = place.staging.reserve(bytes);
    DUHDR_CUDA(cudaStreamWaitEvent(stream_, place.used, 0));
    for (std::size_t i = 0; i < host.size(); ++i) {
      if (!host[i].defined()) continue;
      std::memcpy(staged, host[i].raw(), host[i].bytes());
      DUHDR_CUDA(
          cudaMemcpyAsync(place.tensors[i].mutable_raw(), staged, host[i].bytes(), cudaMemcpyHostToDevice, stream_));
      staged += host[i].bytes();
    }
    DUHDR_CUDA(cudaEventRecord(place.copied, stream_));
  }

  std::vector<Tensor> end() override {
    DUHDR_CUDA(cudaEventRecord(places_[1 - current_].used, compute_));
    DUHDR_CUDA(cudaStreamWaitEvent(compute_, places_[current_].copied, 0));
    return places_[current_].tensors;
  }

 private:
  Device device_;
  cudaStream_t compute_, stream_ = nullptr;
  std::array<Place, 2> places_;
  std::size_t current_ = 0;
};

}  // namespace

std::unique_ptr<Upload> new_upload(Device device) { return std::make_unique<ToGpu>(device); }

}  // namespace duhdr::cuda
