// SPDX-License-Identifier: Apache-2.0
// Devices: what can be used, how many threads, and what a build without a GPU says.
#include "tensor/device.h"

#include <gtest/gtest.h>
#include <omp.h>
#include <pthread.h>

#include "base/error.h"
#include "tensor/allocator.h"
#include "tensor/tensor.h"

namespace duhdr {
namespace {

TEST(Threads, AreAtMostTheProcessorsOfTheProcess) {
  for (const int wanted : {1000, 1 << 30}) {
    set_cpu_threads(wanted);
    EXPECT_EQ(cpu_threads(), omp_get_num_procs());
  }
  set_cpu_threads(1);
  EXPECT_EQ(cpu_threads(), 1);
  set_cpu_threads(0);
  EXPECT_EQ(cpu_threads(), omp_get_num_procs());
}

TEST(Threads, ThatCannotStartAreAnError) {
  if (omp_get_num_procs() < 2) GTEST_SKIP() << "one processor needs no further thread";
  pthread_attr_t before, huge;
  ASSERT_EQ(pthread_getattr_default_np(&before), 0);
  ASSERT_EQ(pthread_getattr_default_np(&huge), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&huge, std::size_t{1} << 47), 0);  // all there can be of addresses
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  try {
    set_cpu_threads(0);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::out_of_memory);
    EXPECT_NE(std::string(error.what()).find("only 1 of "), std::string::npos) << error.what();
  }
  ASSERT_EQ(pthread_setattr_default_np(&before), 0);
  EXPECT_NO_THROW(set_cpu_threads(0));
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
