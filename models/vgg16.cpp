// SPDX-License-Identifier: Apache-2.0
#include "models/vgg16.h"

#include <algorithm>

#include "kernels/pointwise.h"
#include "kernels/pool.h"
#include "kernels/vgg_input.h"

namespace duhdr {

VggEncoder::VggEncoder(const std::array<std::int64_t, 5>& widths, int groups, std::int64_t in, bool normalised) {
  constexpr std::array depths{2, 2, 3, 3, 3};
  for (int g = 0; g < groups; ++g) {
    const auto index = static_cast<std::size_t>(g);
    std::vector<Step>& steps = groups_.emplace_back();
    for (int i = 0; i < depths[index]; ++i) {
      const std::string number = message(g + 1, '_', i + 1);
      const ConvOptions options{.bias = !normalised, .activation = Activation::relu, .init = Init::he_normal};
      Step& step = steps.emplace_back();
      if (normalised)
        step.normalised =
            std::make_unique<ConvBn>(*this, "conv" + number, "bn" + number, in, widths[index], 3, options);
      else
        step.plain = &child<Conv2d>("conv" + number, in, widths[index], 3, options);
      in = widths[index];
    }
  }
}

Variable VggEncoder::group(int index, Variable x, int first, int end) const {
  const std::vector<Step>& steps = groups_[static_cast<std::size_t>(index)];
  for (int i = first; i < std::min(end, static_cast<int>(steps.size())); ++i) {
    const Step& step = steps[static_cast<std::size_t>(i)];
    x = step.plain ? (*step.plain)(x) : (*step.normalised)(x);
  }
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
