// SPDX-License-Identifier: Apache-2.0
// Every golden case of tests/golden/data/networks: outputs, values on the way, gradients of inputs and parameters,
// running statistics. In double the arithmetic must agree to float32's rounding; that is the proof. In float it must
// agree as far as no ReLU, max-pool or curve segment decides the other way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "tests/cases/network_expect.h"
#include "tests/support/golden_files.h"

namespace duhdr::test {
namespace {

class Network : public testing::TestWithParam<std::filesystem::path> {};
INSTANTIATE_TEST_SUITE_P(Golden, Network, testing::ValuesIn(golden_files("networks")),
                         [](const testing::TestParamInfo<std::filesystem::path>& file) {
                           return file.param.stem().string();
                         });

// Double convolutions are the plain reference loops: these cases alone take minutes. Each has a faster sister in
// double, and runs in float every time.
constexpr std::string_view slow_in_double[] = {
    "itnet_3_iterations_eval",       "itnet_3_iterations_literal_eval",
    "itnet_3_iterations_train",      "ldr_to_hdr_crfnet_conv_33x70_side32",
    "ldr_to_hdr_crfnet_conv_45x37",  "ldr_to_hdr_resnet18_rfb_33x70_side32",
    "ldr_to_hdr_resnet18_rfb_45x37",
};

TEST_P(Network, AgreesInDouble) {
  const GoldenCase golden_case = read_golden_case(GetParam());
  if (std::ranges::find(slow_in_double, golden_case.name) != std::end(slow_in_double) &&
      std::getenv("DUHDR_SLOW_TESTS") == nullptr)
    GTEST_SKIP() << "minutes in double; DUHDR_SLOW_TESTS=1 runs it";
  const bool rounded = golden_case.expected.begin()->second.dtype() == DType::f32;
  expect_golden(golden_case, DType::f64, rounded ? double_limits : unrounded_double_limits);
}

TEST_P(Network, AgreesInFloat) {
  const GoldenCase golden_case = read_golden_case(GetParam());
  expect_golden(golden_case, DType::f32, float_limits_of(golden_case.name));
}

}  // namespace
}  // namespace duhdr::test
