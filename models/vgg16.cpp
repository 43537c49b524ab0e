// SPDX-License-Identifier: Apache-2.0
#include "models/vgg16.h"

#include <algorithm>

#include "kernels/pointwise.h"
#include "kernels/pool.h"
#include "kernels/vgg_input.h"

namespace duhdr {

VggEncoder::VggEncoder(const std::array<std::int64_t, 5>& widths, int groups, std::int64_t in) {
  constexpr std::array depths{2, 2, 3, 3, 3};
  for (int g = 0; g < groups; ++g) {
    const auto index = static_cast<std::size_t>(g);
    auto& convolutions = groups_.emplace_back();
    for (int i = 0; i < depths[index]; ++i) {
      convolutions.push_back(&child<Conv2d>(message("conv", g + 1, '_', i + 1), in, widths[index], 3,
                                            ConvOptions{.activation = Activation::relu, .init = Init::he_normal}));
      in = widths[index];
    }
  }
}

Variable VggEncoder::group(int index, Variable x, int first, int end) const {
  const std::vector<Conv2d*>& convolutions = groups_[static_cast<std::size_t>(index)];
  for (int i = first; i < std::min(end, static_cast<int>(convolutions.size())); ++i)
    x = (*convolutions[static_cast<std::size_t>(i)])(x);
  return x;
}

Vgg16Features::Vgg16Features(const std::array<std::int64_t, 3>& widths)
    : VggEncoder({widths[0], widths[1], widths[2], 0, 0}, 3) {}

std::vector<Variable> Vgg16Features::operator()(const Variable& image) const {
  std::vector<Variable> features;
  Variable x = cast(vgg_input(image), working_type(image));
  for (int g = 0; g < groups(); ++g) features.push_back(x = max_pool2d(group(g, x)));
  return features;
}

}  // namespace duhdr
