// SPDX-License-Identifier: Apache-2.0
// Modules: constants follow them and stay out of their lists.
#include "layers/module.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "layers/conv2d.h"
#include "tensor/allocator.h"

namespace duhdr {
namespace {

constexpr double factor = 1.0 / 255;

/// A 1x1 convolution of two channels to one, whose second input channel counts 1/255.
struct Scaled : Conv2d {
  Scaled() : Conv2d(2, 1, 1) {
    const std::vector<double> factors{1, factor};
    set_input_scale(Tensor::of<double>({1, 2, 1, 1}, factors));
    Variable weight = parameters()[0].variable;
    weight.set_value(Tensor::full(weight.shape(), 1, DType::f32, weight.device()));
  }
  /// The result for the pixel (1, 1), without bias: 1 + 1/255.
  double result(DType dtype) const {
    return (*this)(Variable(Tensor::full(Shape{1, 1, 1, 2}, 1, dtype))).value().item();
  }
};

/// Puts weight 1 and bias 0 on the CPU, as reading a file does.
void load(const Scaled& conv) {
  for (NamedVariable parameter : conv.parameters())
    parameter.variable.set_value(
        Tensor::full(parameter.variable.shape(), parameter.name == "weight" ? 1 : 0, DType::f32));
}

TEST(ModuleConstant, IsInNoList) {
  const Scaled conv;
  EXPECT_EQ(conv.parameters().size(), 2u);
  EXPECT_TRUE(conv.buffers().empty());
  EXPECT_EQ(conv.parameter_count(), 3);
}

TEST(ModuleConstant, FollowsTheTypeWithAllItsDigits) {
  Scaled conv;
  EXPECT_EQ(conv.result(DType::f32), static_cast<double>(1 + static_cast<float>(factor)));
  conv.to(DType::f64);
  EXPECT_EQ(conv.result(DType::f64), 1 + factor);
}

TEST(ModuleConstant, FreezesIntoTheWeight) {
  Scaled conv;
  conv.freeze();
  EXPECT_EQ(conv.parameters()[0].variable.value().to_vector<float>(),
            (std::vector<float>{1, static_cast<float>(factor)}));
  EXPECT_EQ(conv.result(DType::f32), static_cast<double>(1 + static_cast<float>(factor)));
}

TEST(ModuleConstant, FollowsToTheDevice) {
  // A pass on another device that needs memory of the host copies from it, and then cannot be recorded.
  Scaled conv;
  conv.to(Device::meta());
  const Variable x(Tensor(Shape{1, 4, 4, 2}, DType::f32, Device::meta()));
  CachingAllocator& host = allocator_of(Device::cpu());
  const Tensor some(Shape{64}, DType::f32);
  const MemoryLimit no_more(host, host.stats().in_use);
  ASSERT_THROW(Tensor(Shape{64}, DType::f32), Error);
  EXPECT_EQ(conv(x).device(), Device::meta());
  conv.freeze();
  EXPECT_EQ(conv(x).device(), Device::meta());
}

TEST(ModuleConstant, LeavesTheHost) {
  Scaled conv;
  conv.to(Device::meta());
  load(conv);
  EXPECT_THROW(conv.result(DType::f32), Error) << "the parameters are back, the constant is not";
}

TEST(ModuleConstant, HasItsValuesInANetworkThatIsLoadedLater) {
  const auto conv = [] {
    const ConstructOn nowhere(Device::meta());
    return std::make_unique<Scaled>();
  }();
  EXPECT_EQ((*conv)(Variable(Tensor(Shape{1, 4, 4, 2}, DType::f32, Device::meta()))).device(), Device::meta());
  load(*conv);
  EXPECT_EQ(conv->result(DType::f32), static_cast<double>(1 + static_cast<float>(factor)));
}

TEST(ModuleConstant, ComesBackWithTheModule) {
  Scaled conv;
  conv.to(Device::cpu());
  EXPECT_EQ(conv.result(DType::f32), static_cast<double>(1 + static_cast<float>(factor)));
}

}  // namespace
}  // namespace duhdr
