// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/dnet.h"

#include "kernels/arithmetic.h"
#include "kernels/pool.h"

namespace duhdr {

Dnet::Dnet(const DuHdrConfig& config) {
  const auto& widths = config.dnet_widths;
  downs_.push_back(&child<ConvPair>("stem", 3, widths[0], 7));
  for (std::size_t level = 1; level <= levels; ++level)
    downs_.push_back(
        &child<ConvPair>("down" + std::to_string(level), widths[level - 1], widths[level], level == 1 ? 5 : 3));
  for (std::size_t level = levels; level-- > 0;)
    ups_.push_back(&child<UpBlock>("up" + std::to_string(levels - level), widths[level + 1], widths[level]));
  head_ = &child<Conv2d>("head", widths[0], 3, 3, ConvOptions{.activation = Activation::tanh, .init = Init::zero});
}

Level Dnet::down(int level, const Variable& x) const {
  Variable skip = (*downs_[static_cast<std::size_t>(level)])(level == 0 ? cast(x, working_type(x)) : x);
  return {skip, avg_pool2d(skip)};
}

Variable Dnet::up(int level, const Variable& x, const Variable& skip) const {
  return (*ups_[static_cast<std::size_t>(levels - 1 - level)])(x, skip);
}

Variable Dnet::finish(const Variable& image, const Variable& features) const {
  return clamp(add(image, (*head_)(cast(features, image.dtype()))), 0, 1);
}

Variable Dnet::operator()(const Variable& image) const { return finish(image, through_levels(*this, image)); }

}  // namespace duhdr
