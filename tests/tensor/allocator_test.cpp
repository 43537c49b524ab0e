// SPDX-License-Identifier: Apache-2.0
// The caching allocator, and pools of their own within it.
#include "tensor/allocator.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tensor/recorder.h"
#include "tensor/tensor.h"

namespace duhdr {
namespace {

constexpr std::int64_t mega = 1 << 20;

Tensor bytes(std::int64_t count) { return Tensor(Shape{count}, DType::u8, Device::cpu()); }

class Pool : public testing::Test {
 protected:
  Pool() { allocator_.trim(); }
  CachingAllocator& allocator_ = allocator_of(Device::cpu());
  const std::size_t before_ = allocator_.stats().in_use;
};

/// Under the sanitizer every block is an allocation of its own.
bool blocks_are_kept() {
#ifdef __SANITIZE_ADDRESS__
  return false;
#else
  return true;
#endif
}

TEST_F(Pool, ItsMemoryIsNeverHandedToOthers) {
  if (!blocks_are_kept()) GTEST_SKIP() << "nothing is kept under the sanitizer";
  const auto pool = private_pool(Device::cpu());
  std::set<const std::byte*> ours;
  for (int round = 0; round < 3; ++round) {
    const AllocateFrom scope(Device::cpu(), pool);
    std::vector<Tensor> tensors;
    for (std::int64_t i = 1; i <= 4; ++i) ours.insert(tensors.emplace_back(bytes(i * mega)).raw());
  }
  EXPECT_EQ(pool->stats().in_use, 0u);
  EXPECT_GE(allocator_.stats().in_use, before_ + 10 * mega) << "what the pool keeps counts as used";
  std::vector<Tensor> tensors;
  for (int round = 0; round < 20; ++round)
    for (std::int64_t i = 1; i <= 4; ++i) {
      tensors.push_back(bytes(i * mega));
      EXPECT_FALSE(ours.contains(tensors.back().raw()));
    }
}

TEST_F(Pool, TheSameWorkFindsTheSameAddresses) {
  if (!blocks_are_kept()) GTEST_SKIP() << "nothing is kept under the sanitizer";
  const auto pool = private_pool(Device::cpu());
  const auto work = [&] {
    const AllocateFrom scope(Device::cpu(), pool);
    std::vector<const std::byte*> addresses;
    Tensor kept = bytes(3 * mega);
    for (std::int64_t i = 1; i <= 6; ++i) {
      const Tensor tensor = bytes(i * mega / 2);
      addresses.push_back(tensor.raw());
      if (i % 2 == 0) kept = tensor;
    }
    return addresses;
  };
  work();  // fills the pool
  const std::vector<const std::byte*> first = work();
  const Tensor other = bytes(7 * mega);
  EXPECT_EQ(work(), first);
}

TEST_F(Pool, ScopesEndAndNest) {
  const auto outer = private_pool(Device::cpu()), inner = private_pool(Device::cpu());
  const auto used = [](const CachingAllocator& pool) { return pool.stats().in_use; };
  Tensor a, b, c, d;
  {
    const AllocateFrom one(Device::cpu(), outer);
    a = bytes(mega);
    {
      const AllocateFrom two(Device::cpu(), inner);
      b = bytes(2 * mega);
    }
    c = bytes(4 * mega);
    EXPECT_EQ(Tensor(Shape{8}, DType::u8, Device::meta()).device(), Device::meta()) << "another device";
  }
  d = bytes(8 * mega);
  EXPECT_EQ(used(*outer), static_cast<std::size_t>(5 * mega));
  EXPECT_EQ(used(*inner), static_cast<std::size_t>(2 * mega));
}

TEST_F(Pool, TensorsKeepItAliveAndThenItGivesAllBack) {
  Tensor last;
  {
    const auto pool = private_pool(Device::cpu());
    const AllocateFrom scope(Device::cpu(), pool);
    last = bytes(mega);
    fill(last, 7);
    (void)bytes(64 * mega);
  }
  EXPECT_EQ(last.data<std::uint8_t>()[mega - 1], 7);
  EXPECT_GT(allocator_.stats().in_use, before_);
  last = {};
  EXPECT_EQ(allocator_.stats().in_use, before_);
}

TEST_F(Pool, ObeysTheLimitOfTheDevice) {
  const auto pool = private_pool(Device::cpu());
  const AllocateFrom scope(Device::cpu(), pool);
  { const Tensor small = bytes(24 * mega); }
  const MemoryLimit limit(allocator_, before_ + 40 * mega);
  try {
    const Tensor fits = bytes(32 * mega);  // once the 24 MiB that the pool kept are given back
    bytes(32 * mega);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::out_of_memory);
    EXPECT_NE(std::string(error.what()).find("cpu"), std::string::npos);
  }
}

TEST_F(Pool, ALimitEndsWithItsScope) {
  ASSERT_EQ(allocator_.limit(), 0u);
  const std::size_t outer = before_ + 64 * mega, inner = before_ + 8 * mega;
  {
    const MemoryLimit wide(allocator_, outer);
    try {
      const MemoryLimit narrow(allocator_, inner);
      EXPECT_EQ(allocator_.limit(), inner);
      bytes(16 * mega);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::out_of_memory);
    }
    EXPECT_EQ(allocator_.limit(), outer);
    EXPECT_NO_THROW(bytes(16 * mega));
  }
  EXPECT_EQ(allocator_.limit(), 0u);
}

TEST_F(Pool, WhatARecordAddressesIsNeverGivenBack) {
  if (!blocks_are_kept()) GTEST_SKIP() << "nothing is kept under the sanitizer";
  const auto pool = private_pool(Device::cpu());
  const std::byte* recorded = nullptr;
  {
    const AllocateFrom scope(Device::cpu(), pool);
    recorded = bytes(8 * mega).raw();
    pool->keep_segments();
    const MemoryLimit limit(allocator_, before_ + 16 * mega);
    try {
      bytes(12 * mega);  // would fit if the 8 MiB were given back
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::out_of_memory);
    }
    pool->trim();
    EXPECT_EQ(bytes(8 * mega).raw(), recorded) << "the pool still has it";
  }
  EXPECT_GE(allocator_.stats().in_use, before_ + 8 * mega);
}

TEST_F(Pool, KeptSegmentsEndWithThePool) {
  {
    const auto pool = private_pool(Device::cpu());
    pool->keep_segments();
    const AllocateFrom scope(Device::cpu(), pool);
    bytes(8 * mega);
  }
  EXPECT_EQ(allocator_.stats().in_use, before_);
}

/// An allocator over 64 MiB of addresses, which nobody reads or writes.
class AddressSpace : public testing::Test {
 protected:
  void SetUp() override {
    if (!blocks_are_kept()) GTEST_SKIP() << "nothing is kept under the sanitizer";
  }
  static void* at(std::size_t megabytes) { return reinterpret_cast<void*>((std::size_t{1} << 40) + megabytes * mega); }
  static std::size_t place(const void* block) { return reinterpret_cast<std::size_t>(block) - (std::size_t{1} << 40); }

  std::size_t acquired_ = 0;  // MiB
  std::vector<std::pair<std::size_t, std::size_t>> forgotten_;
  CachingAllocator allocator_{
      {[this](std::size_t bytes) {
         const std::size_t before = acquired_;
         acquired_ += bytes / mega;
         return at(before);
       },
       [](void*, std::size_t) {}, std::size_t{64} * mega,
       [this](void* begin, std::size_t bytes) { forgotten_.emplace_back(place(begin) / mega, bytes / mega); }},
      "test"};
  std::size_t reserved() const { return allocator_.stats().reserved / mega; }
};

TEST_F(AddressSpace, MemoryBetweenLivingBlocksIsGivenBack) {
  (void)allocator_.allocate(8 * mega);
  void* middle = allocator_.allocate(7 * mega + 1);
  void* last = allocator_.allocate(8 * mega);
  EXPECT_EQ(acquired_, 64u) << "one segment";
  EXPECT_EQ(reserved(), 24u) << "of which only units in use have memory";
  allocator_.release(middle);
  EXPECT_EQ(reserved(), 24u) << "kept";
  allocator_.trim();
  EXPECT_EQ(reserved(), 18u) << "the last unit is shared with the block after";
  EXPECT_EQ(forgotten_, (std::vector<std::pair<std::size_t, std::size_t>>{{8, 6}}));
  EXPECT_EQ(allocator_.allocate(6 * mega), middle);
  EXPECT_EQ(reserved(), 24u);
  allocator_.release(last);
  EXPECT_EQ(place(allocator_.allocate(20 * mega)), static_cast<std::size_t>(14 * mega)) << "all that is free is one";
  EXPECT_EQ(acquired_, 64u);
}

TEST_F(AddressSpace, TheLimitIsOfMemory) {
  const MemoryLimit limit(allocator_, 16 * mega);
  void* first = allocator_.allocate(8 * mega);
  (void)allocator_.allocate(8 * mega);
  EXPECT_THROW(allocator_.allocate(2 * mega), Error);
  EXPECT_EQ(reserved(), 16u);
  allocator_.release(first);
  EXPECT_NO_THROW(allocator_.allocate(7 * mega));
  EXPECT_LE(reserved(), 16u);
  EXPECT_THROW(allocator_.allocate(4 * mega), Error);
}

TEST_F(AddressSpace, ALargerBlockHasASegmentOfItsOwn) {
  void* large = allocator_.allocate(100 * mega);
  EXPECT_EQ(acquired_, 100u);
  EXPECT_EQ(reserved(), 100u);
  allocator_.release(large);
  allocator_.trim();
  EXPECT_EQ(reserved(), 0u);
}

/// A tensor as large as `from`, derived from it.
std::shared_ptr<const Tensor> twin_of(const Tensor& from) {
  return from.derived<Tensor>("twin", [&] { return std::make_shared<const Tensor>(from.clone()); });
}

TEST_F(Pool, WhatIsDerivedDuringWorkIsNotThePools) {
  const Tensor weight = bytes(mega);
  const auto pool = private_pool(Device::cpu());
  const AllocateFrom scope(Device::cpu(), pool);
  const auto twin = twin_of(weight);
  EXPECT_EQ(pool->stats().in_use, 0u) << "it outlives the work: a record would write over it";
  EXPECT_EQ(twin_of(weight), twin);
  const Tensor next = bytes(mega);
  EXPECT_EQ(pool->stats().in_use, static_cast<std::size_t>(mega)) << "after it the pool is used again";
}

TEST_F(Pool, WhatIsDerivedInARecordBelongsToIt) {
  const Tensor weight = bytes(mega);
  const auto pool = private_pool(Device::cpu());
  const AllocateFrom scope(Device::cpu(), pool);
  const Tensor* recorded = nullptr;
  {
    const RecordScope record;
    const auto twin = twin_of(weight);
    EXPECT_EQ(pool->stats().in_use, static_cast<std::size_t>(mega)) << "the record writes it at every launch";
    EXPECT_EQ(twin_of(weight), twin) << "made once in a record";
    recorded = twin.get();
  }
  {
    const RecordScope another;
    EXPECT_NE(twin_of(weight).get(), recorded);
  }
  const auto twin = twin_of(weight);
  EXPECT_EQ(pool->stats().in_use, 0u) << "outside of a record nobody sees what is the record's";
  const RecordScope record;
  EXPECT_EQ(twin_of(weight), twin) << "what is there already serves records, too";
}

TEST_F(Pool, ContentsThatChangedDropWhatWasDerived) {
  Tensor weight = bytes(mega);
  const std::weak_ptr<const Tensor> twin = twin_of(weight);
  EXPECT_FALSE(twin.expired());
  weight.contents_changed();
  EXPECT_TRUE(twin.expired());
  EXPECT_THROW(Tensor().contents_changed(), Error);
}

TEST(Recording, OnTheCpuWorkIsJustDone) {
  Recorder recorder(Device::cpu());
  int calls = 0;
  for (int i = 0; i < 5; ++i) recorder.run("work", [&] { ++calls; });
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(recorder.recorded(), 0u);
  EXPECT_TRUE(recorder.refusal().empty());
}

}  // namespace
}  // namespace duhdr
