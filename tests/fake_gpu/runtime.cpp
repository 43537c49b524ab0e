// SPDX-License-Identifier: Apache-2.0
// The functions of the CUDA runtime on the fake GPU. What a stream's capture forbids is as NVIDIA's programming guide
// has it: what waits for captured work fails and makes the capture invalid.
#include <sys/mman.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "tests/fake_gpu/launch.h"
#include "tests/fake_gpu/machine.h"

namespace duhdr::fake_gpu {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

cudaError_t answer(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

/// One call of a function of the runtime.
template <class F>
cudaError_t call(const char* function, F f) {
  Machine& machine = Machine::get();
  const std::lock_guard lock(machine.mutex);
  if (machine.ended) return cudaErrorCudartUnloading;
  if (const int status = machine.injected(function)) return answer(static_cast<cudaError_t>(status));
  if (machine.broken != cudaSuccess) return answer(machine.broken);
  const cudaError_t error = f(machine);
  return answer(error == cudaSuccess ? machine.broken : error);
}

/// The capture that goes on, if any, is of no use any more.
cudaError_t forbidden(Machine& machine, cudaError_t error) {
  if (CUstream_st* stream = machine.capturing()) stream->capture_is_valid = false;
  return error;
}

/// Whether a capture goes on that forbids what might wait for the device, on any stream.
bool is_captured_strictly(const Machine& machine) { return machine.capturing() && !machine.capturing()->relaxed; }

cudaError_t wait_for(Machine& machine, CUstream_st* stream) {
  if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
  if (stream->captures || is_captured_strictly(machine)) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
  machine.run_until([&] { return stream->steps.empty(); });
  return cudaSuccess;
}

/// The page-locked block that has [address, address + bytes).
bool is_pinned(const Machine& machine, const void* address, std::size_t bytes) {
  const auto* byte = static_cast<const std::byte*>(address);
  auto entry = machine.pinned.upper_bound(byte);
  return entry != machine.pinned.begin() && byte + bytes <= (--entry)->first + entry->second;
}

/// Whether there is memory of this program at an address. Smaller numbers may be sizes, and no 64-bit system puts
/// anything of a program's there that is laid out at random.
bool is_host_address(std::uintptr_t word) {
  if (word < std::uintptr_t{1} << 45 || word >= std::uintptr_t{1} << 48) return false;
  constexpr std::uintptr_t page = 4096;
  unsigned char resident = 0;
  return mincore(reinterpret_cast<void*>(word / page * page), 1, &resident) == 0 || errno != ENOMEM;
}

}  // namespace

void launch_kernel(cudaStream_t stream, const char* name, const void* parameters, std::size_t bytes,
                   std::function<void(bool backwards)> grid) {
  (void)call("launch", [&](Machine& machine) {
    Work work{name, [&machine, grid = std::move(grid)] { grid(machine.coin(2)); }};
    for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= bytes; at += sizeof(std::uintptr_t)) {
      std::uintptr_t word = 0;
      std::memcpy(&word, static_cast<const std::byte*>(parameters) + at, sizeof word);
      const void* address = reinterpret_cast<const void*>(word);
      if (machine.memory.contains(address))
        work.touches.push_back({address, 0});
      else if (is_host_address(word) && !is_pinned(machine, address, 0))
        machine.fault(work.name + " was given an address of the host");
    }
    return machine.add(stream, std::move(work));
  });
}

namespace {

/// A copy's work, by what its two ends are.
cudaError_t copy(Machine& machine, void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                 CUstream_st* stream) {
  if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
  if (bytes == 0) return cudaSuccess;
  const bool to_device = machine.memory.contains(to), from_device = machine.memory.contains(from);
  if (kind != cudaMemcpyDefault && kind != (from_device ? 2 : 0) + (to_device ? 1 : 0)) return cudaErrorInvalidValue;
  Work work{"a copy", nullptr};
  if (to_device) work.touches.push_back({to, bytes});
  if (from_device) work.touches.push_back({from, bytes});
  const bool pageable =
      (!to_device && !is_pinned(machine, to, bytes)) || (!from_device && !is_pinned(machine, from, bytes));
  if (pageable && stream->captures) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
  if (pageable && !from_device) {  // is read before the call returns
    const auto* begin = static_cast<const std::byte*>(from);
    work.run = [to, staged = std::vector<std::byte>(begin, begin + bytes)] {
      std::memcpy(to, staged.data(), staged.size());
    };
  } else {
    work.run = [=] { std::memmove(to, from, bytes); };
  }
  return machine.add(stream, std::move(work));
}

}  // namespace
}  // namespace duhdr::fake_gpu

using namespace duhdr::fake_gpu;

cudaError_t cudaGetLastError() {
  const cudaError_t broken = Machine::get().broken;
  return broken != cudaSuccess ? broken : std::exchange(last_error, cudaSuccess);
}

const char* cudaGetErrorString(cudaError_t error) {
  thread_local char text[64];
  std::snprintf(text, sizeof text, "CUDA error %d of the fake GPU", static_cast<int>(error));
  return text;
}

cudaError_t cudaGetDeviceCount(int* count) {
  return call("cudaGetDeviceCount", [&](Machine&) {
    *count = 1;
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return call("cudaSetDevice", [&](Machine&) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call("cudaGetDeviceProperties", [&](Machine&) {
    if (device != 0) return cudaErrorInvalidDevice;
    *properties = {"fake GPU", 9, 0};
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceSynchronize() {
  return call("cudaDeviceSynchronize", [](Machine& machine) {
    if (machine.capturing()) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    machine.run_until([&] { return machine.idle(); });
    return cudaSuccess;
  });
}

cudaError_t cudaMalloc(void** block, std::size_t bytes) {
  return call("cudaMalloc", [&](Machine& machine) {
    if (is_captured_strictly(machine)) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    if (machine.idle()) machine.memory.tidy();
    *block = machine.memory.allocate(bytes, !machine.coin(4));
    return *block ? cudaSuccess : cudaErrorMemoryAllocation;
  });
}

// The real one may wait for the device; that a block may be handed on at once, in the order of the one stream that
// computes, is how duhdr's allocator uses what it frees. So that is what happens here.
cudaError_t cudaFree(void* block) {
  return call("cudaFree", [&](Machine& machine) {
    if (!block) return cudaSuccess;
    if (is_captured_strictly(machine)) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    if (!machine.memory.free(block)) return cudaErrorInvalidValue;
    Work work{"a freed block", [&machine, block] {
                if (!machine.memory.poison(block)) machine.fault("something was written past the end of a block");
              }};
    if (CUstream_st* stream = machine.compute_stream())
      machine.queue(stream, {std::make_shared<const Work>(std::move(work))});
    else
      work.run();
    return cudaSuccess;
  });
}

cudaError_t cudaMallocHost(void** block, std::size_t bytes) {
  return call("cudaMallocHost", [&](Machine& machine) {
    if (is_captured_strictly(machine)) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    *block = std::malloc(bytes);
    if (!*block) return cudaErrorMemoryAllocation;
    machine.pinned[static_cast<const std::byte*>(*block)] = bytes;
    return cudaSuccess;
  });
}

// Whoever still copies from it reads NaNs.
cudaError_t cudaFreeHost(void* block) {
  return call("cudaFreeHost", [&](Machine& machine) {
    if (!block) return cudaSuccess;
    const auto entry = machine.pinned.find(static_cast<const std::byte*>(block));
    if (entry == machine.pinned.end()) return cudaErrorInvalidValue;
    std::memset(block, 0xFF, entry->second);
    static auto* kept = new std::vector<void*>();  // not given back: queued work may have its address
    kept->push_back(block);
    machine.pinned.erase(entry);
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total) {
  return call("cudaMemGetInfo", [&](Machine& machine) {
    *total = Memory::total;
    *available = *total - machine.memory.in_use();
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return call("cudaMemcpyAsync",
              [&](Machine& machine) { return duhdr::fake_gpu::copy(machine, to, from, bytes, kind, stream); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return call("cudaStreamCreateWithFlags", [&](Machine& machine) {
    if (flags != cudaStreamNonBlocking) return cudaErrorInvalidValue;  // the default stream is not modelled
    *stream = machine.new_stream();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call("cudaStreamDestroy", [&](Machine& machine) {
    if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
    machine.end_stream(stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call("cudaStreamSynchronize", [&](Machine& machine) { return wait_for(machine, stream); });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  return call("cudaStreamWaitEvent", [&](Machine& machine) {
    if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
    if (event->state->captured != stream->captures) return forbidden(machine, cudaErrorStreamCaptureIsolation);
    if (event->state->recorded == 0 || stream->captures) return cudaSuccess;  // one captured stream is in order
    machine.queue(stream, {nullptr, event->state, event->state->recorded, true});
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int) {
  return call("cudaEventCreateWithFlags", [&](Machine&) {
    *event = new CUevent_st();
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call("cudaEventDestroy", [&](Machine&) {
    delete event;
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call("cudaEventRecord", [&](Machine& machine) {
    if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
    EventState& state = *event->state;
    state.captured = stream->captures;
    ++state.recorded;
    if (!stream->captures) machine.queue(stream, {nullptr, event->state, state.recorded, false});
    return cudaSuccess;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call("cudaEventQuery", [&](Machine& machine) {
    if (event->state->captured) return forbidden(machine, cudaErrorCapturedEvent);
    if (is_captured_strictly(machine)) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    return event->state->reached == event->state->recorded ? cudaSuccess : cudaErrorNotReady;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call("cudaEventSynchronize", [&](Machine& machine) {
    const EventState& state = *event->state;
    if (state.captured) return forbidden(machine, cudaErrorCapturedEvent);
    if (is_captured_strictly(machine)) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    machine.run_until([&] { return state.reached == state.recorded; });
    return cudaSuccess;
  });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return call("cudaStreamBeginCapture", [&](Machine& machine) {
    if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
    if (machine.capturing()) return forbidden(machine, cudaErrorStreamCaptureUnsupported);
    stream->captures = stream->capture_is_valid = true;
    stream->relaxed = mode == cudaStreamCaptureModeRelaxed;
    stream->captured.clear();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  return call("cudaStreamEndCapture", [&](Machine& machine) {
    if (!machine.knows(stream) || !stream->captures) return cudaErrorStreamCaptureUnmatched;
    stream->captures = false;
    if (!stream->capture_is_valid) return cudaErrorStreamCaptureInvalidated;
    *graph = new CUgraph_st{std::move(stream->captured)};
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  return call("cudaGraphInstantiate", [&](Machine&) {
    *executable = new CUgraphExec_st{graph->nodes};
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return call("cudaGraphDestroy", [&](Machine&) {
    delete graph;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return call("cudaGraphLaunch", [&](Machine& machine) {
    if (!machine.knows(stream)) return cudaErrorInvalidResourceHandle;
    if (stream->captures) return forbidden(machine, cudaErrorStreamCaptureUnsupported);  // not modelled
    for (const auto& work : executable->nodes) {
      machine.check(*work);
      machine.queue(stream, {work});
    }
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return call("cudaGraphExecDestroy", [&](Machine&) {
    delete executable;
    return cudaSuccess;
  });
}
