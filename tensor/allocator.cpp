// SPDX-License-Identifier: Apache-2.0
#include "tensor/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "tensor/cuda_backend.h"
#include "tensor/error.h"

namespace duhdr {
namespace {

constexpr std::size_t large = std::size_t{2} << 20;  // from here on a block is whole huge pages

std::size_t rounded(std::size_t bytes) {
  const std::size_t unit = bytes >= large ? large : 512;
  return (std::max<std::size_t>(bytes, 1) + unit - 1) / unit * unit;
}

void* acquire_host(std::size_t bytes) {
  void* block = std::aligned_alloc(bytes >= large ? large : 64, bytes);
  if (block && bytes >= large) (void)madvise(block, bytes, MADV_HUGEPAGE);  // a hint; failing costs only time
  return block;
}

void release_host(void* block, std::size_t) noexcept { std::free(block); }

/// Addresses that are unique and never used.
void* acquire_meta(std::size_t bytes) {
  static std::atomic<std::uintptr_t> next{std::uintptr_t{1} << 20};
  return reinterpret_cast<void*>(next.fetch_add(bytes));
}

void release_meta(void*, std::size_t) noexcept {}

}  // namespace

CachingAllocator::CachingAllocator(Source source, std::string device_name)
    : source_(source), device_name_(std::move(device_name)) {}

CachingAllocator::~CachingAllocator() { trim(); }

void* CachingAllocator::allocate(std::size_t bytes) {
  const std::size_t capacity = rounded(bytes);
  const std::lock_guard lock(mutex_);
  const auto cached = cached_.lower_bound(capacity);
  if (cached != cached_.end() && cached->first <= capacity + capacity / 4) {  // at most a fifth of it is wasted
    const auto [size, block] = *cached;
    cached_.erase(cached);
    in_use_.emplace(block, size);
    stats_.in_use += size;
    return block;
  }
  if (limit_ != 0 && stats_.reserved + capacity > limit_) trim_locked(stats_.reserved + capacity - limit_);
  void* block = limit_ != 0 && stats_.reserved + capacity > limit_ ? nullptr : source_.acquire(capacity);
  if (!block && !cached_.empty()) {
    trim_locked(stats_.reserved);
    if (limit_ == 0 || stats_.reserved + capacity <= limit_) block = source_.acquire(capacity);
  }
  if (!block)
    throw Error(ExitCode::out_of_memory,
                message("out of memory on ", device_name_, " (", capacity >> 20, " MiB wanted, ", stats_.in_use >> 20,
                        " MiB in use", limit_ ? message(", limit ", limit_ >> 20, " MiB") : std::string(), ")"));
  in_use_.emplace(block, capacity);
  stats_.in_use += capacity;
  stats_.reserved += capacity;
  stats_.peak = std::max(stats_.peak, stats_.reserved);
  return block;
}

void CachingAllocator::release(void* block) noexcept {
  const std::lock_guard lock(mutex_);
  const auto entry = in_use_.find(block);
  if (entry == in_use_.end()) return;
  stats_.in_use -= entry->second;
  cached_.emplace(entry->second, block);
  in_use_.erase(entry);
}

void CachingAllocator::trim_locked(std::size_t wanted) {
  std::size_t given = 0;
  while (given < wanted && !cached_.empty()) {  // largest first: few calls
    const auto last = std::prev(cached_.end());
    source_.release(last->second, last->first);
    given += last->first;
    stats_.reserved -= last->first;
    cached_.erase(last);
  }
}

void CachingAllocator::set_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  if (limit_ != 0 && stats_.reserved > limit_) trim_locked(stats_.reserved - limit_);
}

std::size_t CachingAllocator::limit() const {
  const std::lock_guard lock(mutex_);
  return limit_;
}

MemoryStats CachingAllocator::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void CachingAllocator::reset_peak() {
  const std::lock_guard lock(mutex_);
  stats_.peak = stats_.reserved;
}

void CachingAllocator::trim() {
  const std::lock_guard lock(mutex_);
  trim_locked(stats_.reserved);
}

CachingAllocator& allocator_of(Device device) {
#ifdef DUHDR_WITH_CUDA
  if (device.is_cuda()) return cuda::allocator_of(device.index);
#endif
  if (device.is_meta()) {
    static auto* meta = new CachingAllocator({acquire_meta, release_meta}, "meta");
    return *meta;
  }
  DUHDR_CHECK(device.is_cpu(), device.text(), ": ", cuda_unavailable_reason());
  // Never destroyed: tensors with static lifetime may outlive any order of destruction we could choose.
  static auto* host = new CachingAllocator({acquire_host, release_host}, "cpu");
  return *host;
}

}  // namespace duhdr
