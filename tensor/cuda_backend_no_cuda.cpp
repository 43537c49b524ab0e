// SPDX-License-Identifier: Apache-2.0
// What a build without CUDA answers.
#include "tensor/cuda_backend.h"

#include "base/error.h"

namespace duhdr::cuda {
namespace {

[[noreturn]] void refuse() { throw Error(ExitCode::device, "cuda: " + unavailable_reason() + "; use --device cpu"); }

}  // namespace

std::string unavailable_reason() { return "this program was built without CUDA"; }

int device_count() { return 0; }

DeviceInfo info_of(int) { refuse(); }

void synchronize(int) { refuse(); }

CachingAllocator& allocator_of(int) { refuse(); }

void copy_bytes(Device, void*, Device, const void*, std::size_t) { refuse(); }

std::shared_ptr<Graph> record(int, const std::function<void()>&) { refuse(); }

void launch(Graph&) { refuse(); }

std::unique_ptr<Upload> new_upload(Device) { refuse(); }

}  // namespace duhdr::cuda
