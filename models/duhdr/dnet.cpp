// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/dnet.h"

#include "kernels/arithmetic.h"
#include "kernels/pool.h"

namespace duhdr {

Dnet::Dnet(const DuHdrConfig& config)
    : stem_(child<ConvPair>("stem", 3, config.dnet_widths[0], 7)),
      down1_(child<ConvPair>("down1", config.dnet_widths[0], config.dnet_widths[1], 5)),
      down2_(child<ConvPair>("down2", config.dnet_widths[1], config.dnet_widths[2], 3)),
      down3_(child<ConvPair>("down3", config.dnet_widths[2], config.dnet_widths[3], 3)),
      down4_(child<ConvPair>("down4", config.dnet_widths[3], config.dnet_widths[4], 3)),
      up1_(child<UpBlock>("up1", config.dnet_widths[4], config.dnet_widths[3])),
      up2_(child<UpBlock>("up2", config.dnet_widths[3], config.dnet_widths[2])),
      up3_(child<UpBlock>("up3", config.dnet_widths[2], config.dnet_widths[1])),
      up4_(child<UpBlock>("up4", config.dnet_widths[1], config.dnet_widths[0])),
      head_(child<Conv2d>("head", config.dnet_widths[0], 3, 3,
                          ConvOptions{.activation = Activation::tanh, .init = Init::zero})) {}

Variable Dnet::operator()(const Variable& image) const {
  Variable s = stem_(cast(image, working_type(image)));
  Variable d1 = down1_(avg_pool2d(s));
  Variable d2 = down2_(avg_pool2d(d1));
  Variable d3 = down3_(avg_pool2d(d2));
  Variable x = down4_(avg_pool2d(d3));
  x = up1_(x, std::exchange(d3, {}));  // at inference a skip is released as soon as it is used
  x = up2_(x, std::exchange(d2, {}));
  x = up3_(x, std::exchange(d1, {}));
  x = up4_(x, std::exchange(s, {}));
  return clamp(add(image, head_(cast(x, image.dtype()))), 0, 1);
}

}  // namespace duhdr
