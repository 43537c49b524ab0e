// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/oonet.h"

#include "kernels/layout.h"
#include "kernels/pool.h"

namespace duhdr {

OOnet::OOnet(const DuHdrConfig& config)
    : down_kind_(config.down),
      stem_(child<ConvPair>("stem", 9, config.oonet_widths[0], 7)),
      ms_se_(child<MsSe>("ms_se", config.oonet_widths[4])),
      head_(child<Conv2d>("head", config.oonet_widths[0], 3, 3,
                          ConvOptions{.activation = Activation::relu, .init = Init::zero})) {
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

Variable OOnet::input(const Variable& hdr, const Variable& linear, const Variable& dequantised) {
  return concat_channels({hdr, linear, dequantised});
}

std::vector<Variable> OOnet::encode(const Variable& input) const {
  std::vector<Variable> levels{stem_(cast(input, working_type(input)))};
  for (std::size_t level = 0; level < 4; ++level) {
    const Variable pooled = avg_pool2d(levels.back());
    levels.push_back(down_kind_ == Down::rfb ? (*rfbs_[level])(pooled) : (*pairs_[level])(pooled));
  }
  return levels;
}

Variable OOnet::decode(const Variable& hdr, std::vector<Variable> levels, Variable middle) const {
  levels.pop_back();
  Variable x = std::move(middle);
  for (const UpBlock* up : ups_) {
    x = (*up)(x, levels.back());
    levels.pop_back();  // at inference a skip is released as soon as it is used
  }
  return head_(cast(x, hdr.dtype()), {}, hdr);  // the head's own ReLU is that of relu(H^ + head)
}

Variable OOnet::operator()(const Variable& hdr, const Variable& linear, const Variable& dequantised) const {
  std::vector<Variable> levels = encode(input(hdr, linear, dequantised));
  Variable middle = bottleneck(levels.back());
  return decode(hdr, std::move(levels), std::move(middle));
}

}  // namespace duhdr
