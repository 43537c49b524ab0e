// SPDX-License-Identifier: Apache-2.0
// Devices: what can be used, how many threads, and what a build without a GPU says.
#include "tensor/device.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "tensor/allocator.h"
#include "tensor/tensor.h"

namespace duhdr {
namespace {

int processors() {
  cpu_set_t usable;
  EXPECT_EQ(sched_getaffinity(0, sizeof usable, &usable), 0);
  return CPU_COUNT(&usable);
}

TEST(Threads, AreAtMostTheProcessorsOfTheProcess) {
  for (const int wanted : {1000, 1 << 30}) {
    set_cpu_threads(wanted);
    EXPECT_EQ(cpu_threads(), processors());
  }
  set_cpu_threads(1);
  EXPECT_EQ(cpu_threads(), 1);
  set_cpu_threads(0);
  EXPECT_EQ(cpu_threads(), processors());
}

/// Asks for all threads where none can start; in a process of its own, which has none yet.
[[noreturn]] void start_threads_without_room() {
  pthread_attr_t before, huge;
  bool fine = pthread_getattr_default_np(&before) == 0 && pthread_getattr_default_np(&huge) == 0 &&
              pthread_attr_setstacksize(&huge, std::size_t{1} << 47) == 0 &&  // all there can be of addresses
              pthread_setattr_default_np(&huge) == 0;
  try {
    set_cpu_threads(0);
    fine = false;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    fine = fine && error.code() == ExitCode::out_of_memory;
  }
  fine = fine && pthread_setattr_default_np(&before) == 0;
  set_cpu_threads(0);  // now they can
  std::exit(fine ? 0 : 1);
}

TEST(Threads, ThatCannotStartAreAnError) {
  if (processors() < 2) GTEST_SKIP() << "one processor needs no further thread";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(start_threads_without_room(), testing::ExitedWithCode(0), "only 1 of ");
}

TEST(WithoutAGpu, WhatNeedsOneIsRefused) {
  if (cuda_unavailable_reason().empty()) GTEST_SKIP() << "there is a GPU";
  EXPECT_EQ(list_devices().size(), 1u);
  EXPECT_EQ(parse_device("auto"), Device::cpu());
  const auto refused = [](const auto& call) {
    try {
      call();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::device) << error.what();
      EXPECT_NE(std::string(error.what()).find("cuda"), std::string::npos) << error.what();
    }
  };
  refused([] { (void)parse_device("cuda"); });
  refused([] { (void)info_of(Device::cuda()); });
  refused([] { synchronize(Device::cuda()); });
  refused([] { (void)allocator_of(Device::cuda()); });
  refused([] { (void)Tensor(Shape{1}, DType::f32, Device::cuda()); });
}

}  // namespace
}  // namespace duhdr
