// SPDX-License-Identifier: Apache-2.0
// Device: where a tensor lives and where its ops run. A value; its context (stream, handles, memory) is the
// library's and is made once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace duhdr {

struct Device {
  /// `meta` tensors have a shape and a size but no memory: ops on them do nothing, the allocator still counts. Running
  /// a network on a meta input tells what it will need.
  enum class Kind : unsigned char { cpu, cuda, meta };
  Kind kind = Kind::cpu;
  int index = 0;

  static Device cpu() { return {}; }
  static Device cuda(int index = 0) { return {Kind::cuda, index}; }
  static Device meta() { return {Kind::meta, 0}; }
  bool is_cpu() const { return kind == Kind::cpu; }
  bool is_cuda() const { return kind == Kind::cuda; }
  bool is_meta() const { return kind == Kind::meta; }
  bool operator==(const Device&) const = default;
  std::string text() const;  // "cpu", "cuda:0"
};

/// Whether an op whose input is on `device` can read a parameter on `parameter`: the same device, or a dry run.
inline bool can_read(Device device, Device parameter) { return device == parameter || device.is_meta(); }

struct DeviceInfo {
  Device device;
  std::string name;           // "NVIDIA H200", "AMD EPYC, 2 threads, AVX-512"
  std::size_t memory = 0;     // bytes of memory in total
  std::size_t available = 0;  // bytes of it that are free now
};

/// "auto" (the first usable GPU, else the CPU), "cpu", "cuda" or "cuda:N". Throws usage on other text and
/// device when the wanted GPU cannot be used, with the reason.
Device parse_device(std::string_view text);

/// Every device that can be used, the CPU first.
std::vector<DeviceInfo> list_devices();
DeviceInfo info_of(Device device);

/// Why there is no usable GPU ("built without CUDA", "no NVIDIA driver ..."); empty when there is one.
std::string cuda_unavailable_reason();

/// Threads that CPU ops use, at most the processors of this process (0 = as many); out_of_memory if they cannot start.
void set_cpu_threads(int count);
int cpu_threads();

/// Waits until all work of the device has ended (a CPU has none pending). Throws device on a failure.
void synchronize(Device device);

}  // namespace duhdr
