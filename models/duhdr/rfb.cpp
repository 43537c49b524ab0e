// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/rfb.h"

#include <algorithm>

#include "kernels/layout.h"

namespace duhdr {

Rfb::Rfb(std::int64_t in, std::int64_t out) {
  const std::int64_t i = std::max<std::int64_t>(in / 8, 1), m = std::max<std::int64_t>(3 * (i / 2), 1);
  struct Layer {
    std::int64_t out, kernel;
    int dilation;
    Activation activation;
  };
  constexpr auto relu = Activation::relu, linear = Activation::none;
  const std::vector<Layer> plan[3] = {
      {{2 * i, 1, 1, relu}, {2 * i, 3, 1, linear}},
      {{i, 1, 1, relu}, {2 * i, 3, 1, relu}, {2 * i, 3, 2, linear}},
      {{i, 1, 1, relu}, {m, 3, 1, relu}, {2 * i, 3, 1, relu}, {2 * i, 3, 3, linear}},
  };
  const auto unit = [&](const std::string& name, std::int64_t from, const Layer& layer, double scale = 1) {
    return std::make_unique<ConvBn>(
        *this, name + ".conv", name + ".bn", from, layer.out, layer.kernel,
        ConvOptions{.dilation = layer.dilation, .bias = false, .activation = layer.activation}, scale);
  };
  for (int b = 0; b < 3; ++b) {
    std::int64_t from = in;
    for (std::size_t k = 0; k < plan[b].size(); ++k) {
      branches_[b].push_back(unit(message("branch", b, '.', k), from, plan[b][k]));
      from = plan[b][k].out;
    }
  }
  fuse_ = unit("fuse", 6 * i, {out, 1, 1, relu}, 0.1);
  shortcut_ = unit("shortcut", in, {out, 1, 1, linear});
  before_freeze([this] { merge(); });
}

/// Two 1x1 convolutions that are added are one over the channels of both.
void Rfb::merge() {
  const Conv2d::Map fuse = fuse_->conv().map(), shortcut = shortcut_->conv().map();
  const std::int64_t outputs = fuse.bias.numel(), a = fuse.weight.shape()[1], b = shortcut.weight.shape()[1];
  Conv2d::Map both{Tensor(Shape{outputs, a + b, 1, 1}, DType::f64), fuse.bias.clone()};
  accumulate(both.bias, shortcut.bias);
  for (std::int64_t o = 0; o < outputs; ++o) {
    double* row = both.weight.mutable_data<double>() + o * (a + b);
    std::copy_n(fuse.weight.data<double>() + o * a, a, row);
    std::copy_n(shortcut.weight.data<double>() + o * b, b, row + a);
  }
  merged_ = &child<Conv2d>("merged", fuse_->conv(), both, Activation::relu);
}

Variable Rfb::operator()(const Variable& x) const {
  std::vector<Variable> ends;
  for (const Branch& branch : branches_) {
    Variable y = x;
    for (const auto& unit : branch) y = (*unit)(y);
    ends.push_back(y);
  }
  if (merged_) return (*merged_)(concat_channels(ends), x);
  return (*fuse_)(concat_channels(ends), (*shortcut_)(x));
}

}  // namespace duhdr
