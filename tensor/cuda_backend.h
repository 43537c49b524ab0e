// SPDX-License-Identifier: Apache-2.0
// What tensor/ asks of CUDA. Defined in device_cuda.cpp, graph_cuda.cpp and upload_cuda.cpp, and for a build without
// CUDA in cuda_backend_no_cuda.cpp: there is no device then, and what needs one throws device.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/allocator.h"
#include "tensor/device.h"
#include "tensor/upload.h"

namespace duhdr::cuda {

std::string unavailable_reason();  // empty when at least one GPU can be used
int device_count();
DeviceInfo info_of(int index);
void synchronize(int index);
CachingAllocator& allocator_of(int index);
/// Copies bytes in stream order; a copy to the host has ended when it returns.
void copy_bytes(Device to_device, void* to, Device from_device, const void* from, std::size_t bytes);

/// The work of one GPU's stream, recorded as a CUDA graph.
class Graph;
/// Calls `work` and records what it launches, without doing it. Throws device when something cannot be recorded.
std::shared_ptr<Graph> record(int index, const std::function<void()>& work);
void launch(Graph& graph);

std::unique_ptr<Upload> new_upload(Device device);  // Upload::to

}  // namespace duhdr::cuda
