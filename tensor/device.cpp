// SPDX-License-Identifier: Apache-2.0
#include "tensor/device.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>

#include "base/error.h"
#include "tensor/cuda_backend.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

DeviceInfo cpu_info() {
  DeviceInfo info;
  info.device = Device::cpu();
  info.name = "CPU";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) {
      info.name = line.substr(line.find(':') + 2);
      break;
    }
  info.name += ", " + std::to_string(cpu_threads()) + " threads";
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  info.memory = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * page;
  info.available = static_cast<std::size_t>(sysconf(_SC_AVPHYS_PAGES)) * page;
  std::ifstream memory("/proc/meminfo");  // counts reclaimable pages as free, sysconf does not
  for (std::string line; std::getline(memory, line);)
    if (line.starts_with("MemAvailable:")) info.available = std::stoull(line.substr(13)) * 1024;
  return info;
}

int count_cuda_devices() { return cuda_unavailable_reason().empty() ? cuda::device_count() : 0; }

}  // namespace

std::string Device::text() const {
  if (is_meta()) return "meta";
  return is_cpu() ? "cpu" : "cuda:" + std::to_string(index);
}

std::string cuda_unavailable_reason() { return cuda::unavailable_reason(); }

Device parse_device(std::string_view text) {
  const std::string reason = cuda_unavailable_reason();
  if (text == "cpu") return Device::cpu();
  if (text == "auto") return reason.empty() ? Device::cuda(0) : Device::cpu();
  int index = 0;
  if (text != "cuda") {
    const std::string_view number = text.substr(0, 5) == "cuda:" ? text.substr(5) : std::string_view();
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (number.empty() || error != std::errc() || end != number.data() + number.size() || index < 0)
      throw Error(ExitCode::usage, message("--device ", escaped(text), ": unknown device (auto, cpu, cuda or cuda:N)"));
  }
  if (!reason.empty()) throw Error(ExitCode::device, message("--device ", text, ": ", reason, "; use --device cpu"));
  if (index >= count_cuda_devices())
    throw Error(ExitCode::device, message("--device ", text, ": no such GPU (", count_cuda_devices(), " found)"));
  return Device::cuda(index);
}

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> devices{cpu_info()};
  for (int i = 0; i < count_cuda_devices(); ++i) devices.push_back(info_of(Device::cuda(i)));
  return devices;
}

DeviceInfo info_of(Device device) { return device.is_cpu() ? cpu_info() : cuda::info_of(device.index); }

void set_cpu_threads(int count) {
  const int most = usable_processors();
  set_pool_threads(count > 0 ? std::min(count, most) : most);
}

int cpu_threads() { return pool_threads(); }

void synchronize(Device device) {
  if (device.is_cuda()) cuda::synchronize(device.index);
}

}  // namespace duhdr
