// SPDX-License-Identifier: Apache-2.0
#include "tests/fake_gpu/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace duhdr::fake_gpu {
namespace {

constexpr std::size_t address_space = std::size_t{1} << 38;  // bytes; addresses are not handed out twice for long
constexpr std::size_t alignment = 256, red_zone = 256, page = 4096;
constexpr std::size_t kept = std::size_t{16} << 20;  // bytes of freed blocks
constexpr unsigned char poison_byte = 0xFF, red_zone_byte = 0xA5;

std::byte* map_whole(int file, int protection) {
  void* mapped = mmap(nullptr, address_space, protection, MAP_SHARED | MAP_NORESERVE, file, 0);
  if (mapped == MAP_FAILED) std::abort();
  return static_cast<std::byte*>(mapped);
}

}  // namespace

Memory::Memory() : file_(memfd_create("fake GPU", 0)) {
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(address_space)) != 0) std::abort();
  device_ = map_whole(file_, PROT_NONE);
  mine_ = map_whole(file_, PROT_READ | PROT_WRITE);
}

std::size_t Memory::room_of(std::size_t bytes) const {
  return (bytes + alignment - 1) / alignment * alignment + red_zone;
}

std::byte* Memory::writable(const void* address) const {
  return mine_ + (static_cast<const std::byte*>(address) - device_);
}

std::byte* Memory::allocate(std::size_t bytes, bool reuse) {
  if (bytes > total - in_use_) return nullptr;
  std::byte* block = nullptr;
  std::vector<std::byte*>& same = free_by_size_[bytes];
  if (reuse && !same.empty()) {
    block = same.back();
    same.pop_back();
    free_.erase(block);
    freed_ -= room_of(bytes);
  } else {
    const std::size_t room = room_of(bytes);
    if (room > address_space - end_) std::abort();
    block = device_ + end_;
    end_ += room;
    std::memset(writable(block), poison_byte, bytes);
    std::memset(writable(block) + bytes, red_zone_byte, room - bytes);
  }
  living_[block] = bytes;
  in_use_ += bytes;
  return block;
}

bool Memory::free(const void* address) {
  const auto entry = living_.find(static_cast<const std::byte*>(address));
  if (entry == living_.end()) return false;
  const auto [block, bytes] = *entry;
  living_.erase(entry);
  in_use_ -= bytes;
  freed_ += room_of(bytes);
  free_[block] = bytes;
  free_by_size_[bytes].push_back(device_ + (block - device_));
  return true;
}

bool Memory::red_zone_is_whole(const void* address) const {
  const auto* block = static_cast<const std::byte*>(address);
  const auto& blocks = living_.contains(block) ? living_ : free_;
  const std::size_t bytes = blocks.at(block);
  const std::byte *begin = writable(block) + bytes, *end = writable(block) + room_of(bytes);
  return std::all_of(begin, end, [](std::byte b) { return b == std::byte{red_zone_byte}; });
}

bool Memory::poison(const void* address) {
  const auto* block = static_cast<const std::byte*>(address);
  const auto& blocks = living_.contains(block) ? living_ : free_;
  std::memset(writable(block), poison_byte, blocks.at(block));
  return red_zone_is_whole(block);
}

void Memory::tidy() {
  if (freed_ < kept) return;
  // Whole runs of freed blocks: a hole in the file, and no page tables, which every change of protection would walk.
  for (auto block = free_.begin(); block != free_.end();) {
    const std::byte *begin = block->first, *end = begin;
    for (; block != free_.end() && block->first == end; ++block) end += room_of(block->second);
    const auto first = (static_cast<std::size_t>(begin - device_) + page - 1) / page * page;
    const auto last = static_cast<std::size_t>(end - device_) / page * page;
    if (last <= first) continue;
    const auto offset = static_cast<off_t>(first);
    (void)fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, static_cast<off_t>(last - first));
    if (mmap(device_ + first, last - first, PROT_NONE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, file_, offset) ==
        MAP_FAILED)
      std::abort();
  }
  free_.clear();
  free_by_size_.clear();
  freed_ = 0;
}

bool Memory::contains(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  return byte >= device_ && byte < device_ + address_space;
}

bool Memory::lives(const void* address, std::size_t bytes) const {
  const auto* byte = static_cast<const std::byte*>(address);
  auto entry = living_.upper_bound(byte);
  if (entry == living_.begin()) return false;
  --entry;
  return byte + bytes <= entry->first + entry->second;
}

Memory::Open::Open(const Memory& memory) : memory_(memory) {
  if (mprotect(memory_.device_, memory_.end_, PROT_READ | PROT_WRITE) != 0) std::abort();
}

/// The page tables of what was touched are dropped first: changes of protection walk all that there are, and an opening
/// touches little. The contents are the file's.
Memory::Open::~Open() {
  if (madvise(memory_.device_, memory_.end_, MADV_DONTNEED) != 0) std::abort();
  if (mprotect(memory_.device_, memory_.end_, PROT_NONE) != 0) std::abort();
}

}  // namespace duhdr::fake_gpu
