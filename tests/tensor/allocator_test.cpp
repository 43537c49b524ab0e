// SPDX-License-Identifier: Apache-2.0
// The caching allocator, and pools of their own within it.
#include "tensor/allocator.h"

#include <gtest/gtest.h>

#include <set>
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
  allocator_.set_limit(before_ + 40 * mega);
  try {
    const Tensor fits = bytes(32 * mega);  // once the 24 MiB that the pool kept are given back
    bytes(32 * mega);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::out_of_memory);
    EXPECT_NE(std::string(error.what()).find("cpu"), std::string::npos);
  }
  allocator_.set_limit(0);
  EXPECT_NO_THROW(bytes(64 * mega));
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
