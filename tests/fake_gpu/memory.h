// SPDX-License-Identifier: Apache-2.0
// The memory of the fake GPU: host code that touches it ends with SIGSEGV, work of the GPU finds it open.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <vector>

namespace duhdr::fake_gpu {

class Memory {
 public:
  static constexpr std::size_t total = std::size_t{8} << 30;  // bytes

  Memory();

  /// A block that holds NaNs (every byte 0xFF), its address a multiple of 256; null when there is no memory. Blocks
  /// that were freed are handed out again, or not, as `reuse` says.
  std::byte* allocate(std::size_t bytes, bool reuse);
  /// False: no such block. What it holds stays, until poison() is asked for.
  bool free(const void* block);
  /// Makes a block, living or freed, hold NaNs; false when something was written past its end.
  bool poison(const void* block);
  std::size_t in_use() const { return in_use_; }
  /// Forgets freed blocks for good, when there are many: nothing may be queued that touches them.
  void tidy();

  bool contains(const void* address) const;
  /// Whether [address, address + bytes) is part of one living block.
  bool lives(const void* address, std::size_t bytes) const;
  bool red_zone_is_whole(const void* block) const;

  /// While one lives, device memory can be read and written.
  class Open {
   public:
    explicit Open(const Memory& memory);
    ~Open();
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

   private:
    const Memory& memory_;
  };

 private:
  std::byte* writable(const void* address) const;
  std::size_t room_of(std::size_t bytes) const;

  int file_ = -1;                // the memory itself, mapped twice:
  std::byte* device_ = nullptr;  // as the device's addresses
  std::byte* mine_ = nullptr;    // and for this class, always writable
  std::size_t end_ = 0;          // what lies behind has never been handed out
  std::size_t in_use_ = 0, freed_ = 0;
  std::map<const std::byte*, std::size_t> living_;  // bytes by address
  std::map<const std::byte*, std::size_t> free_;    // the same of freed blocks
  std::map<std::size_t, std::vector<std::byte*>> free_by_size_;
};

}  // namespace duhdr::fake_gpu
