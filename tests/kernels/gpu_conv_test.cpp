// SPDX-License-Identifier: Apache-2.0
// cuDNN against the CPU on the layers of the networks, forward and back. The rows of the op case table, conv2d's among
// them, run in gpu_op_test.cpp.
#include <gtest/gtest.h>

#include "kernels/conv/conv_cudnn.h"
#include "tests/cases/op_cases_conv_layers.h"
#include "tests/cases/op_evaluate.h"

namespace duhdr::test {

void PrintTo(const ConvLayer& layer, std::ostream* out) { *out << layer.name; }

namespace {

// The reference loops stand in for what cuDNN cannot do; for anything but depthwise convolutions they are too slow.
// This runs before the parameterised tests, so that nothing else has been turned down yet.
TEST(GpuConvPlans, CudnnHasADeterministicAlgorithmForEveryLayer) {
  if (const std::string reason = cuda_unavailable_reason(); !reason.empty()) GTEST_SKIP() << reason;
  for (const ConvLayer& layer : network_layers()) {
    const OpCase op_case = case_of(layer);
    if (layer.desc.depthwise) continue;
    for (const DType dtype : {DType::f32, DType::bf16}) evaluate(op_case, make_inputs(op_case, dtype, Device::cuda()));
  }
  for (const std::string& problem : cudnn::unsupported_problems()) ADD_FAILURE() << problem;
}

class GpuConv : public testing::TestWithParam<ConvLayer> {
 protected:
  void SetUp() override {
    if (const std::string reason = cuda_unavailable_reason(); !reason.empty()) GTEST_SKIP() << reason;
  }
  static OpResult run(DType dtype, Device device) {
    const OpCase op_case = case_of(GetParam());
    return evaluate(op_case, make_inputs(op_case, dtype, device), dtype);
  }
};
INSTANTIATE_TEST_SUITE_P(Layer, GpuConv, testing::ValuesIn(network_layers()),
                         [](const testing::TestParamInfo<ConvLayer>& row) { return row.param.name; });

// f32 sums in another order; TF32 would be off by 1e-7.
TEST_P(GpuConv, FloatAgreesWithCpu) {
  expect_close(run(DType::f32, Device::cuda()), run(DType::f32, Device::cpu()), {1e-10, 1e-4});
}

// cuDNN rounds its sum to bf16 before bias and activation are added: one rounding more than the CPU. That can move an
// element across the kink of a ReLU, and with it the element's whole gradient, so the slopes are those of its results.
TEST_P(GpuConv, Bf16AgreesWithCpu) {
  const OpResult found = run(DType::bf16, Device::cuda());
  const OpCase fused = case_of(GetParam());
  ConvLayer layer = GetParam();
  layer.desc.activation = Activation::none;
  Tensor gradient = output_gradient(fused, found.out);
  for (std::int64_t i = 0; i < gradient.numel(); ++i) {
    bf16& g = gradient.mutable_data<bf16>()[i];
    g = bf16(g * activation_slope(GetParam().desc.activation, static_cast<float>(found.out.data<bf16>()[i])));
  }
  const std::vector<Variable> inputs = make_inputs(fused, DType::bf16);
  case_of(layer).run(inputs).backward(gradient);
  OpResult expected = run(DType::bf16, Device::cpu());
  for (std::size_t k = 0; k < inputs.size(); ++k) expected.gradients[k] = inputs[k].grad();
  expect_close(found, expected, {2e-5, 1e-2});
}

TEST_P(GpuConv, SameBitsOnEveryRun) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    SCOPED_TRACE(name_of(dtype));
    expect_same_bits(run(dtype, Device::cuda()), run(dtype, Device::cuda()));
  }
}

TEST_P(GpuConv, FollowsItsWeight) {
  const NoGrad no_grad;
  const OpCase op_case = case_of(GetParam());
  std::vector<Variable> on_gpu = make_inputs(op_case, DType::f32, Device::cuda());
  std::vector<Variable> on_cpu = make_inputs(op_case, DType::f32);
  for (const double value : {0.25, -0.5}) {
    for (const auto& inputs : {on_gpu, on_cpu}) {
      Tensor weight = inputs[1].value();
      fill(weight, value);
    }
    EXPECT_LE(normalised_square_error(op_case.run(on_gpu).value().to(Device::cpu()), op_case.run(on_cpu).value()),
              1e-10);
  }
}

}  // namespace
}  // namespace duhdr::test
