// SPDX-License-Identifier: Apache-2.0
// Caching allocator, one per device: freed blocks are kept, split and joined, and handed out again, so that a network
// in steady state asks the system for nothing. The high-water mark is reported, a limit can be set.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tensor/device.h"

namespace duhdr {

struct MemoryStats {
  std::size_t in_use = 0;    // bytes in living tensors
  std::size_t reserved = 0;  // bytes of memory held from the system, cached blocks included
  std::size_t peak = 0;      // largest `reserved` since the last reset
};

class CachingAllocator {
 public:
  /// Where blocks come from: host memory, device memory, another allocator. `acquire` answers nullptr when there is
  /// none; `release` must not throw.
  struct Source {
    std::function<void*(std::size_t bytes)> acquire;
    std::function<void(void* block, std::size_t bytes)> release;
    /// Not 0: large blocks share segments of so much address space. Memory is taken where blocks are handed out, and
    /// goes back by `forget`, in pieces of `unit` bytes. So there are no gaps between segments that nothing fits into.
    std::size_t address_space = 0;
    std::function<void(void* begin, std::size_t bytes)> forget = {};
  };
  static constexpr std::size_t unit = std::size_t{2} << 20;  // a huge page

  explicit CachingAllocator(Source source, std::string device_name);
  ~CachingAllocator();
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  /// A block of at least `bytes` bytes, 64-byte aligned. Throws out_of_memory past the limit or the system's.
  void* allocate(std::size_t bytes);
  void release(void* block) noexcept;

  void set_limit(std::size_t bytes);  // of `reserved`; 0 = none
  std::size_t limit() const;
  MemoryStats stats() const;
  void reset_peak();
  void trim();           // gives all cached blocks back to the system
  void keep_segments();  // from now on nothing is given back before the end: somebody has written addresses down

 private:
  /// A piece of a segment; neighbours in the same segment are linked, and free neighbours are always joined.
  struct Block {
    std::size_t size = 0;
    std::byte* before = nullptr;  // address of the neighbouring block, or null at the segment's end
    std::byte* after = nullptr;
    bool free = false;
    bool small = false;  // from a segment of small blocks
  };
  using FreeList = std::set<std::pair<std::size_t, std::byte*>>;  // best fit: the smallest that is large enough

  /// A segment of address space.
  struct Space {
    std::byte* begin = nullptr;
    std::size_t bytes = 0;
    std::vector<bool> held = {};  // units with memory; there are none behind its end
  };

  std::byte* find(FreeList& list, std::size_t size);
  std::byte* take(FreeList& list, std::size_t size);
  bool grow(FreeList& list, std::size_t size);
  void give_back(std::byte* address);
  Space* space_of(const std::byte* address);
  bool hold(std::byte* address, std::size_t size);
  void forget(Space& space, std::byte* address, std::size_t size);
  void release_segments();
  [[noreturn]] void fail(std::size_t size) const;

  static constexpr std::size_t large_block = std::size_t{1} << 20;  // smaller ones have segments of their own

  Source source_;
  std::string device_name_;
  mutable std::mutex mutex_;
  std::unordered_map<std::byte*, Block> blocks_;
  std::vector<Space> spaces_;
  FreeList small_, large_;
  MemoryStats stats_;
  std::size_t limit_ = 0;
  bool keeps_segments_ = false;
};

/// While one lives, the allocator has this limit (bytes, 0 = none); afterwards, however that comes about, the one
/// before.
class MemoryLimit {
 public:
  MemoryLimit(CachingAllocator& allocator, std::size_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  CachingAllocator& allocator_;
  std::size_t before_;
};

/// The device's own allocator, which lives as long as the program.
CachingAllocator& allocator_of(Device device);

/// An allocator of its own that takes its memory from the device's: its blocks never meet those of other tensors.
std::shared_ptr<CachingAllocator> private_pool(Device device);

/// While one lives on this thread, new tensors of `device` come from `pool`, and keep it alive; null: from the device's
/// own allocator.
class AllocateFrom {
 public:
  AllocateFrom(Device device, std::shared_ptr<CachingAllocator> pool);
  ~AllocateFrom();
  AllocateFrom(const AllocateFrom&) = delete;
  AllocateFrom& operator=(const AllocateFrom&) = delete;

 private:
  Device device_before_;
  std::shared_ptr<CachingAllocator> pool_before_;
};

/// Where a new tensor of this device on this thread comes from.
std::shared_ptr<CachingAllocator> allocator_for_new(Device device);

}  // namespace duhdr
