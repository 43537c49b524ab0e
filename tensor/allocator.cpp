// SPDX-License-Identifier: Apache-2.0
#include "tensor/allocator.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "tensor/cuda_backend.h"

namespace duhdr {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool caching = false;  // every block its own allocation, so that the sanitizer sees its ends
#else
constexpr bool caching = true;
#endif
constexpr std::size_t block_unit = caching ? 512 : 64;
constexpr std::size_t segment_unit = caching ? std::size_t{2} << 20 : 64;  // whole huge pages

std::size_t rounded(std::size_t bytes, std::size_t unit) {
  return (std::max<std::size_t>(bytes, 1) + unit - 1) / unit * unit;
}

void* acquire_host(std::size_t bytes) {
  void* block = std::aligned_alloc(segment_unit, bytes);
  if (block && caching) (void)madvise(block, bytes, MADV_HUGEPAGE);  // a hint; failing costs only time
  return block;
}

void release_host(void* block, std::size_t) { std::free(block); }

/// Addresses that are unique and never used.
void* acquire_meta(std::size_t bytes) {
  static std::atomic<std::uintptr_t> next{std::uintptr_t{1} << 20};
  return reinterpret_cast<void*>(next.fetch_add(bytes));
}

void release_meta(void*, std::size_t) {}

/// What AllocateFrom has chosen on this thread.
struct Chosen {
  Device device;
  std::shared_ptr<CachingAllocator> pool;
};
thread_local Chosen chosen;

}  // namespace

CachingAllocator::CachingAllocator(Source source, std::string device_name)
    : source_(std::move(source)), device_name_(std::move(device_name)) {}

CachingAllocator::~CachingAllocator() {
  keeps_segments_ = false;
  trim();
}

void* CachingAllocator::allocate(std::size_t bytes) {
  const std::size_t size = rounded(bytes, block_unit);
  const std::lock_guard lock(mutex_);
  if (limit_ != 0 && stats_.in_use + size > limit_) fail(size);
  FreeList& list = size < large_block ? small_ : large_;
  std::byte* block = take(list, size);
  if (!block && grow(list, rounded(size, segment_unit))) block = take(list, size);
  if (!block) {
    release_segments();
    if (grow(list, rounded(size, segment_unit))) block = take(list, size);
  }
  if (!block) fail(size);
  stats_.in_use += blocks_.at(block).size;
  return block;
}

/// The best-fitting free block, cut to size.
std::byte* CachingAllocator::take(FreeList& list, std::size_t size) {
  const auto found = list.lower_bound({size, nullptr});
  if (found == list.end()) return nullptr;
  std::byte* address = found->second;
  list.erase(found);
  Block& block = blocks_.at(address);
  block.free = false;
  if (block.size > size) {
    std::byte* rest = address + size;
    const Block cut{block.size - size, address, block.after, true, block.small};
    if (block.after) blocks_.at(block.after).before = rest;
    block.size = size;
    block.after = rest;
    blocks_.emplace(rest, cut);
    list.emplace(cut.size, rest);
  }
  return address;
}

/// A new segment from the system; false when there is none, or the limit is reached.
bool CachingAllocator::grow(FreeList& list, std::size_t segment) {
  if (limit_ != 0 && stats_.reserved + segment > limit_) return false;
  auto* address = static_cast<std::byte*>(source_.acquire(segment));
  if (!address) return false;
  blocks_.emplace(address, Block{segment, nullptr, nullptr, true, &list == &small_});
  list.emplace(segment, address);
  stats_.reserved += segment;
  stats_.peak = std::max(stats_.peak, stats_.reserved);
  return true;
}

void CachingAllocator::release(void* pointer) noexcept {
  const std::lock_guard lock(mutex_);
  auto* address = static_cast<std::byte*>(pointer);
  const auto entry = blocks_.find(address);
  if (entry == blocks_.end()) return;
  Block block = entry->second;
  stats_.in_use -= block.size;
  FreeList& list = block.small ? small_ : large_;
  if (block.after && blocks_.at(block.after).free) {
    const Block next = blocks_.at(block.after);
    list.erase({next.size, block.after});
    blocks_.erase(block.after);
    block.size += next.size;
    block.after = next.after;
  }
  if (block.before && blocks_.at(block.before).free) {
    std::byte* previous = block.before;
    list.erase({blocks_.at(previous).size, previous});
    block.size += blocks_.at(previous).size;
    block.before = blocks_.at(previous).before;
    blocks_.erase(address);
    address = previous;
  }
  if (block.after) blocks_.at(block.after).before = address;
  block.free = true;
  blocks_[address] = block;
  list.emplace(block.size, address);
  if (!caching) release_segments();
}

/// Gives every segment that is free as a whole back to the system.
void CachingAllocator::release_segments() {
  if (keeps_segments_) return;
  for (FreeList* list : {&small_, &large_})
    for (auto entry = list->begin(); entry != list->end();) {
      const auto [size, address] = *entry;
      const Block& block = blocks_.at(address);
      if (block.before || block.after) {
        ++entry;
        continue;
      }
      source_.release(address, size);
      stats_.reserved -= size;
      blocks_.erase(address);
      entry = list->erase(entry);
    }
}

void CachingAllocator::fail(std::size_t size) const {
  throw Error(ExitCode::out_of_memory,
              message("out of memory on ", device_name_, " (", size >> 20, " MiB wanted, ", stats_.in_use >> 20,
                      " MiB in use", limit_ ? message(", limit ", limit_ >> 20, " MiB") : std::string(), ")"));
}

void CachingAllocator::set_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  if (limit_ != 0 && stats_.reserved > limit_) release_segments();
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
  release_segments();
}

void CachingAllocator::keep_segments() {
  const std::lock_guard lock(mutex_);
  keeps_segments_ = true;
}

MemoryLimit::MemoryLimit(CachingAllocator& allocator, std::size_t bytes)
    : allocator_(allocator), before_(allocator.limit()) {
  allocator_.set_limit(bytes);
}

MemoryLimit::~MemoryLimit() { allocator_.set_limit(before_); }

CachingAllocator& allocator_of(Device device) {
  if (device.is_cuda()) return cuda::allocator_of(device.index);
  if (device.is_meta()) {
    static auto* meta = new CachingAllocator({acquire_meta, release_meta}, "meta");
    return *meta;
  }
  // Never destroyed: tensors with static lifetime may outlive any order of destruction we could choose.
  static auto* host = new CachingAllocator({acquire_host, release_host}, "cpu");
  return *host;
}

std::shared_ptr<CachingAllocator> private_pool(Device device) {
  CachingAllocator* parent = &allocator_of(device);
  const auto acquire = [parent](std::size_t bytes) -> void* {
    try {
      return parent->allocate(bytes);
    } catch (const Error&) {  // out of memory: the pool says so itself, when it has nothing left to give back
      return nullptr;
    }
  };
  const auto release = [parent](void* block, std::size_t) { parent->release(block); };
  return std::make_shared<CachingAllocator>(CachingAllocator::Source{acquire, release}, device.text());
}

AllocateFrom::AllocateFrom(Device device, std::shared_ptr<CachingAllocator> pool)
    : device_before_(chosen.device), pool_before_(std::move(chosen.pool)) {
  chosen = {device, std::move(pool)};
}

AllocateFrom::~AllocateFrom() { chosen = {device_before_, std::move(pool_before_)}; }

std::shared_ptr<CachingAllocator> allocator_for_new(Device device) {
  if (chosen.pool && chosen.device == device) return chosen.pool;
  return {std::shared_ptr<void>(), &allocator_of(device)};  // nothing to keep alive
}

}  // namespace duhdr
