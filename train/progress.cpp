// SPDX-License-Identifier: Apache-2.0
#include "train/progress.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "base/duration.h"
#include "base/error.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr double terminal_interval = 0.25, log_interval = 10;  // seconds

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

ProgressLine::ProgressLine(Device device, bool quiet)
    : device_(device), quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), last_print_() {}

ProgressLine::~ProgressLine() { leave(); }

void ProgressLine::begin(const std::string& stage, std::int64_t done, std::int64_t steps) {
  leave();
  stage_ = stage;
  steps_ = steps;
  first_ = done;
  images_ = 0;
  images_per_second_ = 0;
  begin_ = Clock::now();
}

void ProgressLine::step(std::int64_t done, double loss, std::int64_t images) {
  images_ += images;
  images_per_second_ = static_cast<double>(images_) / std::max(seconds_since(begin_), 1e-9);
  const double waited = seconds_since(last_print_);
  if (!quiet_ && (waited >= (terminal_ ? terminal_interval : log_interval) || done == steps_)) print(done, loss);
}

void ProgressLine::print(std::int64_t done, double loss) {
  last_print_ = Clock::now();
  const double left = seconds_since(begin_) / static_cast<double>(std::max<std::int64_t>(done - first_, 1)) *
                      static_cast<double>(steps_ - done);
  constexpr double mebibyte = 1024.0 * 1024.0;
  std::fprintf(stderr, "%s%s  %lld/%lld  loss %.4g  %.1f images/s  left %s  memory %.0f MiB%s",
               terminal_ ? "\r\x1b[K" : "", stage_.c_str(), static_cast<long long>(done),
               static_cast<long long>(steps_), loss, images_per_second_, duration(left).c_str(),
               static_cast<double>(device_.is_cpu() ? resident_bytes() : peak_of(device_)) / mebibyte,
               terminal_ ? "" : "\n");
  std::fflush(stderr);
  open_ = terminal_;
}

void ProgressLine::leave() {
  if (open_) std::fputc('\n', stderr);
  open_ = false;
}

std::size_t peak_of(Device device) { return allocator_of(device).stats().peak; }

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace duhdr
