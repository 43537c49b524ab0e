// SPDX-License-Identifier: Apache-2.0
// What tensor/ asks of CUDA. Defined in device_cuda.cpp; a build without CUDA defines none of it and never calls it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tensor/allocator.h"
#include "tensor/device.h"

namespace duhdr::cuda {

std::string unavailable_reason();  // empty when at least one GPU can be used
int device_count();
DeviceInfo info_of(int index);
void synchronize(int index);
CachingAllocator& allocator_of(int index);
/// Copies bytes in stream order; a copy to the host has ended when it returns.
void copy_bytes(Device to_device, void* to, Device from_device, const void* from, std::size_t bytes);

}  // namespace duhdr::cuda
