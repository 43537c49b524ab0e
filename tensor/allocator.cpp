// SPDX-License-Identifier: Apache-2.0
#include "tensor/allocator.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "tensor/cuda_backend.h"

namespace duhdr {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(DUHDR_FAKE_GPU)
constexpr bool caching = false;  // every block its own allocation, so that the sanitizer or fake GPU sees its ends
#else
constexpr bool caching = true;
#endif
constexpr std::size_t block_unit = caching ? 512 : 64;
constexpr std::size_t segment_unit = caching ? CachingAllocator::unit : 64;

std::size_t rounded(std::size_t bytes, std::size_t unit) {
  return (std::max<std::size_t>(bytes, 1) + unit - 1) / unit * unit;
}

/// Straight from the system: what malloc gets back it may keep.
void* acquire_host(std::size_t bytes) {
  if (!caching) return std::aligned_alloc(segment_unit, bytes);
  void* mapped =
      mmap(nullptr, bytes + segment_unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(mapped);
  const std::size_t before = (segment_unit - reinterpret_cast<std::uintptr_t>(begin) % segment_unit) % segment_unit;
  if (before > 0) (void)munmap(begin, before);
  (void)munmap(begin + before + bytes, segment_unit - before);
  (void)madvise(begin + before, bytes, MADV_HUGEPAGE);  // a hint; failing costs only time
  return begin + before;
}

void release_host(void* block, std::size_t bytes) {
  if (caching)
    (void)munmap(block, bytes);
  else
    std::free(block);
}

void forget_host(void* begin, std::size_t bytes) { (void)madvise(begin, bytes, MADV_DONTNEED); }

/// Twice the memory that there is, so that gaps do not matter; none where addresses themselves are rationed.
std::size_t host_address_space() {
  rlimit limit{};
  if (!caching || (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)) return 0;
  return rounded(
      2 * static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)),
      segment_unit);
}

/// Addresses that are unique and never used.
void* acquire_meta(std::size_t bytes) {
  static std::atomic<std::uintptr_t> next{std::uintptr_t{1} << 20};
  return reinterpret_cast<void*>(next.fetch_add(bytes));
}

void release_meta(void*, std::size_t) {}
constexpr std::size_t meta_address_space = std::size_t{1} << 40;

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
  for (const Space& space : spaces_) source_.release(space.begin, space.bytes);
}

void* CachingAllocator::allocate(std::size_t bytes) {
  const std::size_t size = rounded(bytes, block_unit);
  const std::lock_guard lock(mutex_);
  if (limit_ != 0 && stats_.in_use + size > limit_) fail(size);
  std::byte* block = find(size < large_block ? small_ : large_, size);
  if (!block) fail(size);
  stats_.in_use += blocks_.at(block).size;
  return block;
}

/// A block with memory; null when there is none even after all that is free has been given back.
std::byte* CachingAllocator::find(FreeList& list, std::size_t size) {
  std::byte* block = take(list, size);
  for (const bool last : {false, true}) {
    if (!block && grow(list, size)) block = take(list, size);
    if (block && hold(block, size)) return block;
    if (!last) release_segments();
  }
  if (block) give_back(block);
  return nullptr;
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

/// A new segment for a block of this size; false when there is none, or the limit is reached.
bool CachingAllocator::grow(FreeList& list, std::size_t size) {
  std::size_t segment = rounded(size, segment_unit);
  std::byte* address = nullptr;
  if (&list == &large_ && source_.address_space >= segment) {
    address = static_cast<std::byte*>(source_.acquire(source_.address_space));
    if (address) spaces_.push_back({address, segment = source_.address_space});
  }
  if (!address) {
    if (limit_ != 0 && stats_.reserved + segment > limit_) return false;
    address = static_cast<std::byte*>(source_.acquire(segment));
    if (!address) return false;
    stats_.reserved += segment;
    stats_.peak = std::max(stats_.peak, stats_.reserved);
  }
  blocks_.emplace(address, Block{segment, nullptr, nullptr, true, &list == &small_});
  list.emplace(segment, address);
  return true;
}

/// The address space that a block lies in; null: a segment that is memory as a whole.
CachingAllocator::Space* CachingAllocator::space_of(const std::byte* address) {
  for (Space& space : spaces_)
    if (address >= space.begin && address < space.begin + space.bytes) return &space;
  return nullptr;
}

/// Takes the memory that a block is still without; false, and nothing taken, when the limit is in the way.
bool CachingAllocator::hold(std::byte* address, std::size_t size) {
  Space* space = space_of(address);
  if (!space) return true;
  const auto offset = static_cast<std::size_t>(address - space->begin);
  const std::size_t first = offset / unit, last = (offset + size + unit - 1) / unit;
  if (last > space->held.size()) space->held.resize(last);
  const auto begin = space->held.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = space->held.begin() + static_cast<std::ptrdiff_t>(last);
  const std::size_t more = static_cast<std::size_t>(std::count(begin, end, false)) * unit;
  if (limit_ != 0 && stats_.reserved + more > limit_) return false;
  std::fill(begin, end, true);
  stats_.reserved += more;
  stats_.peak = std::max(stats_.peak, stats_.reserved);
  return true;
}

/// Gives the memory of a free block back that it shares with no other.
void CachingAllocator::forget(Space& space, std::byte* address, std::size_t size) {
  const auto offset = static_cast<std::size_t>(address - space.begin);
  const std::size_t end = std::min((offset + size) / unit, space.held.size());
  for (std::size_t i = (offset + unit - 1) / unit, next = i; i < end; i = next) {
    next = i + 1;
    if (!space.held[i]) continue;
    while (next < end && space.held[next]) ++next;
    source_.forget(space.begin + i * unit, (next - i) * unit);
    std::fill(space.held.begin() + static_cast<std::ptrdiff_t>(i),
              space.held.begin() + static_cast<std::ptrdiff_t>(next), false);
    stats_.reserved -= (next - i) * unit;
  }
}

void CachingAllocator::release(void* pointer) noexcept {
  const std::lock_guard lock(mutex_);
  const auto entry = blocks_.find(static_cast<std::byte*>(pointer));
  if (entry == blocks_.end()) return;
  stats_.in_use -= entry->second.size;
  give_back(entry->first);
  if (!caching) release_segments();
}

/// Makes a block free, one with its free neighbours.
void CachingAllocator::give_back(std::byte* address) {
  Block block = blocks_.at(address);
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
}

/// Gives the memory of free blocks back to the system, and segments without address space of their own when they are
/// free as a whole.
void CachingAllocator::release_segments() {
  if (keeps_segments_) return;
  for (FreeList* list : {&small_, &large_})
    for (auto entry = list->begin(); entry != list->end();) {
      const auto [size, address] = *entry;
      const Block& block = blocks_.at(address);
      Space* space = space_of(address);
      if (space) forget(*space, address, size);
      if (space || block.before || block.after) {
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
    static auto* meta = new CachingAllocator({acquire_meta, release_meta, meta_address_space, release_meta}, "meta");
    return *meta;
  }
  // Never destroyed: tensors with static lifetime may outlive any order of destruction we could choose.
  static auto* host = new CachingAllocator({acquire_host, release_host, host_address_space(), forget_host}, "cpu");
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
  return std::make_shared<CachingAllocator>(CachingAllocator::Source{acquire, release, 0, {}}, device.text());
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
