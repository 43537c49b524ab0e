// SPDX-License-Identifier: Apache-2.0
// The golden cases on a GPU, in float: whole networks and both chains, forward and back.
#include <gtest/gtest.h>

#include "tests/cases/network_expect.h"
#include "tests/support/golden_files.h"

namespace duhdr::test {
namespace {

class GpuNetwork : public testing::TestWithParam<std::filesystem::path> {};
INSTANTIATE_TEST_SUITE_P(Golden, GpuNetwork, testing::ValuesIn(golden_files("networks")),
                         [](const testing::TestParamInfo<std::filesystem::path>& file) {
                           return file.param.stem().string();
                         });

TEST_P(GpuNetwork, AgreesInFloat) {
  if (const std::string reason = cuda_unavailable_reason(); !reason.empty()) GTEST_SKIP() << reason;
  const GoldenCase golden_case = read_golden_case(GetParam());
  expect_golden(golden_case, DType::f32, float_limits_of(golden_case.name), Device::cuda());
}

}  // namespace
}  // namespace duhdr::test
