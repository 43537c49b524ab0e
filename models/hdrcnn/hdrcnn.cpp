// SPDX-License-Identifier: Apache-2.0
#include "models/hdrcnn/hdrcnn.h"

#include "kernels/pointwise.h"
#include "kernels/pool.h"
#include "kernels/vgg_input.h"
#include "models/tail.h"

namespace duhdr {
namespace {

constexpr double encoder_scale = 1.0 / 255;  // the encoder works on values of 0..255

/// Twofold, beginning as bilinear enlargement.
constexpr ConvOptions enlarging{.transposed = true, .activation = Activation::relu, .init = Init::bilinear};
constexpr ConvOptions with_relu{.activation = Activation::relu};

}  // namespace

Hdrcnn::Hdrcnn(const HdrcnnConfig& config)
    : config_(config),
      encoder_(child<VggEncoder>("encoder", config.widths, levels)),
      bottleneck_(*this, "bottleneck.conv", "bottleneck.bn", config.widths[4], config.widths[4], 3, with_relu),
      out_(*this, "out.conv", "out.bn", config.widths[0], 3, 1, with_relu),
      fuse0_(child<Conv2d>("fuse0", 6, 3, 1, ConvOptions{.init = Init::addition})) {
  std::int64_t in = config.widths[4];
  for (std::size_t level = levels; level-- > 0;) {
    const std::int64_t out = config.widths[level];
    const std::string number = std::to_string(levels - level);
    ups_.push_back(
        std::make_unique<ConvBn>(*this, "up" + number + ".conv", "up" + number + ".bn", in, out, 4, enlarging));
    fuses_.push_back(&child<Conv2d>("fuse" + number, 2 * out, out, 1, ConvOptions{.init = Init::addition}));
    in = out;
  }
  before_freeze([this] { collapse_tail(); });
}

void Hdrcnn::collapse_tail() {
  const Conv2d& like = *fuses_.back();
  const Tail tail = collapsed(like.map(), out_.conv().map());
  tail_skip_ = &child<Conv2d>("tail_skip", like, tail.skip, Activation::none);
  tail_up_ = &child<Conv2d>("tail_up", like, tail.up, Activation::relu);
}

Level Hdrcnn::down(int level, Variable x, int first) const {
  const Variable features =
      encoder_.group(level, level == 0 ? cast(vgg_input(x), working_type(x)) : std::move(x), first);
  const Variable skip = log_square(features, encoder_scale, eps);
  return {level == 0 && tail_skip_ ? (*tail_skip_)(skip) : skip, max_pool2d(features)};
}

Variable Hdrcnn::up(int level, const Variable& x, const Variable& skip) const {
  const auto index = static_cast<std::size_t>(levels - 1 - level);
  const Variable up = (*ups_[index])(x);
  if (level == 0 && tail_up_) return (*tail_up_)(up, {}, skip);
  const Variable fused = (*fuses_[index])(up, skip);
  return level == 0 ? out_(fused) : fused;
}

Variable Hdrcnn::finish(const Variable& image, const Variable& features) const {
  return fuse0_(cast(features, image.dtype()), log_square(image, 1, eps));
}

}  // namespace duhdr
