// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/oonet.h"

#include "kernels/arithmetic.h"
#include "kernels/layout.h"
#include "kernels/pool.h"

namespace duhdr {

constexpr double compression = 10;

OOnet::OOnet(const DuHdrConfig& config)
    : down_kind_(config.down),
      residual_(config.oonet_residual),
      stem_(child<ConvPair>("stem", 9, config.oonet_widths[0], 7)),
      ms_se_(config.middle == Middle::ms_se ? &child<MsSe>("ms_se", config.oonet_widths[4]) : nullptr),
      head_(child<Conv2d>("head", config.oonet_widths[0], 3, 3,
                          ConvOptions{.activation = residual_ == Residual::add ? Activation::relu : Activation::none,
                                      .init = Init::zero})) {
  const auto& widths = config.oonet_widths;
  for (std::size_t level = 1; level <= 4; ++level) {
    const std::string name = "down" + std::to_string(level);
    if (down_kind_ == Down::rfb)
      rfbs_.push_back(&child<Rfb>(name, widths[level - 1], widths[level]));
    else
      pairs_.push_back(&child<ConvPair>(name, widths[level - 1], widths[level], level == 1 ? 5 : 3));
  }
  for (std::size_t level = 4; level-- > 0;)
    ups_.push_back(&child<UpBlock>("up" + std::to_string(4 - level), widths[level + 1], widths[level]));
}

Variable OOnet::input(const Variable& hdr, const Variable& linear, const Variable& dequantised) const {
  return concat_channels({residual_ == Residual::add ? hdr : mu_law(hdr, compression), linear, dequantised});
}

Variable OOnet::block(int level, const Variable& x) const {
  if (level == 0) return stem_(cast(x, working_type(x)));
  const auto index = static_cast<std::size_t>(level - 1);
  return down_kind_ == Down::rfb ? (*rfbs_[index])(x) : (*pairs_[index])(x);
}

Level OOnet::down(int level, const Variable& x) const {
  Variable skip = block(level, x);
  return {skip, avg_pool2d(skip)};
}

Variable OOnet::up(int level, const Variable& x, const Variable& skip) const {
  return (*ups_[static_cast<std::size_t>(levels - 1 - level)])(x, skip);
}

Variable OOnet::finish(const Variable& hdr, const Variable& features) const {
  const Variable wide = cast(features, hdr.dtype());
  if (residual_ == Residual::add) return head_(wide, {}, hdr);  // the head's own ReLU is that of relu(H^ + head)
  return gain(hdr, head_(wide));
}

Variable OOnet::operator()(const Variable& hdr, const Variable& linear, const Variable& dequantised) const {
  return finish(hdr, through_levels(*this, input(hdr, linear, dequantised)));
}

}  // namespace duhdr
