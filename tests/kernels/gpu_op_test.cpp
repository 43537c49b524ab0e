// SPDX-License-Identifier: Apache-2.0
// Every row of the op case table on a GPU against the CPU, forward and back, in f32 and bf16.
#include <gtest/gtest.h>

#include "tests/cases/op_evaluate.h"

namespace duhdr::test {
namespace {

class GpuOp : public testing::TestWithParam<OpCase> {
 protected:
  void SetUp() override {
    if (const std::string reason = cuda_unavailable_reason(); !reason.empty()) GTEST_SKIP() << reason;
  }

  static OpResult run(DType dtype, Device device) {
    return evaluate(GetParam(), make_inputs(GetParam(), dtype, device), dtype);
  }

  static void expect_close_to_cpu(DType dtype, const Tolerance& limit) {
    expect_close(run(dtype, Device::cuda()), run(dtype, Device::cpu()), limit);
  }
};
INSTANTIATE_TEST_SUITE_P(Table, GpuOp, testing::ValuesIn(all_op_cases()),
                         [](const testing::TestParamInfo<OpCase>& row) { return test_name(row.param); });

TEST_P(GpuOp, FloatAgreesWithCpu) {
  expect_close_to_cpu(DType::f32, {GetParam().cuda_limit, 10 * GetParam().float_element});
}

// Both sides compute in f32 and round once; what remains is a last bit that falls the other way, well inside the
// limit of bf16 itself.
TEST_P(GpuOp, Bf16AgreesWithCpu) {
  if (GetParam().bf16_limit == 0) GTEST_SKIP() << "not defined for bf16";
  expect_close_to_cpu(DType::bf16, {GetParam().bf16_limit, GetParam().bf16_element});
}

TEST_P(GpuOp, SameBitsOnEveryRun) {
  expect_same_bits(run(DType::f32, Device::cuda()), run(DType::f32, Device::cuda()));
}

}  // namespace
}  // namespace duhdr::test
