// SPDX-License-Identifier: Apache-2.0
#include "tensor/recorder.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "tensor/cuda_backend.h"

namespace duhdr {
namespace {
thread_local std::uint64_t current_record = 0;
}

RecordScope::RecordScope() : before_(current_record) {
  static std::atomic<std::uint64_t> last{0};
  current_record = ++last;
}
RecordScope::~RecordScope() { current_record = before_; }
std::uint64_t RecordScope::current() { return current_record; }

Recorder::Recorder(Device device) : device_(device), pool_(device.is_cuda() ? private_pool(device) : nullptr) {}

void Recorder::run(const std::string& key, const std::function<void()>& work) {
  if (!device_.is_cuda()) return work();
  const AllocateFrom scope(device_, pool_);
  if (!refusal_.empty()) return work();
  Record& record = records_[key];
  if (!record.graph && record.runs < ordinary_runs) {
    ++record.runs;
    return work();
  }
  try {
    if (!record.graph) {
      pool_->keep_segments();  // the record will hold addresses in them
      const RecordScope scope_of_record;
      record.graph = cuda::record(device_.index, work);
    }
  } catch (const Error& error) {
    if (error.code() != ExitCode::device) throw;
    refusal_ = error.what();
    return work();
  }
  cuda::launch(*record.graph);
}

std::size_t Recorder::recorded() const {
  return static_cast<std::size_t>(
      std::count_if(records_.begin(), records_.end(), [](const auto& entry) { return entry.second.graph != nullptr; }));
}

}  // namespace duhdr
