// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/itnet.h"

#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/pool.h"
#include "kernels/vgg_input.h"

namespace duhdr {
namespace {

ConvOptions decoder_conv(bool upsample) { return {.upsample = upsample, .activation = Activation::relu}; }

/// Factors [1, 2C, 1, 1] of a fuse layer's input channels: the encoder works on values of 0..255, so the skip half
/// comes in as 1/255 of itself.
Tensor skip_scale(std::int64_t channels) {
  Tensor scale = Tensor::full(Shape{1, 2 * channels, 1, 1}, 1, DType::f64);
  for (std::int64_t c = channels; c < 2 * channels; ++c) scale.mutable_data<double>()[c] = 1.0 / 255;
  return scale;
}

}  // namespace

ITnet::ITnet(const DuHdrConfig& config)
    : alpha_(config.alpha),
      encoder_(child<VggEncoder>("encoder", config.itnet_widths, 5)),
      bottleneck_(*this, "bottleneck.conv", "bottleneck.bn", config.itnet_widths[4], config.itnet_widths[4], 3,
                  decoder_conv(false)),
      out_(*this, "out.conv", "out.bn", config.itnet_widths[0], 3, 1, decoder_conv(false)),
      fuse0_(child<Conv2d>("fuse0", 6, 3, 1,
                           ConvOptions{.activation = Activation::relu, .init = Init::zero, .initial_bias = 0.01})) {
  std::int64_t in = config.itnet_widths[4];
  for (std::size_t level = 5; level-- > 0;) {
    const std::int64_t out = config.itnet_widths[level];
    const std::string number = std::to_string(5 - level);
    ups_.push_back(std::make_unique<ConvBn>(*this, "up" + number + ".conv", "up" + number + ".bn", in, out, 3,
                                            decoder_conv(true)));
    fuses_.push_back(&child<Conv2d>("fuse" + number, 2 * out, out, 1, ConvOptions{.init = Init::addition}));
    fuses_.back()->set_input_scale(skip_scale(out));
    in = out;
  }
}

Variable ITnet::residual(const Variable& x) const {
  std::vector<Variable> skips;
  Variable features = cast(vgg_input(x), working_type(x));
  for (int g = 0; g < 5; ++g) {
    skips.push_back(encoder_.group(g, std::move(features)));
    features = max_pool2d(skips.back());
  }
  features = bottleneck_(features);
  for (int n = 0; n < 5; ++n) {
    const Variable up = (*ups_[static_cast<std::size_t>(n)])(std::exchange(features, {}));
    features = (*fuses_[static_cast<std::size_t>(n)])(up, skips.back());
    skips.pop_back();  // at inference a skip is released as soon as it is used
  }
  return fuse0_(cast(out_(features), x.dtype()), x);
}

Variable ITnet::operator()(const Variable& x, int iterations, bool literal) const {
  DUHDR_CHECK(iterations >= 1, iterations, " iterations");
  Variable base = x, mask = exposure_mask(x, alpha_), seen = x, result;
  for (int i = 0; i < iterations; ++i) {
    if (i > 0) {
      seen = truncation(result);
      if (literal) {
        base = seen;
        mask = exposure_mask(seen, alpha_);
      }
    }
    result = masked_add(base, mask, residual(seen));
  }
  return result;
}

}  // namespace duhdr
