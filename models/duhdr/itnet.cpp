// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/itnet.h"

#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/layout.h"
#include "kernels/pool.h"
#include "kernels/resample.h"
#include "kernels/vgg_input.h"
#include "models/tail.h"

namespace duhdr {
namespace {

constexpr double most_decades = 5;  // of a gain

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
      residual_(config.itnet_residual),
      scale_(config.itnet_scale),
      encoder_(child<VggEncoder>("encoder", config.itnet_widths, 5, residual_ == Residual::gain ? 4 : 3,
                                 config.itnet_encoder == Encoder::vgg16_bn)),
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
    if (config.itnet_encoder == Encoder::vgg16) fuses_.back()->set_input_scale(skip_scale(out));
    in = out;
  }
  before_freeze([this] { collapse_tail(); });
}

/// So three channels of the first level's skip are kept instead of C.
void ITnet::collapse_tail() {
  const Conv2d& like = *fuses_.back();
  const Tail tail = collapsed(like.map(), out_.conv().map());
  tail_skip_ = &child<Conv2d>("tail_skip", like, tail.skip, Activation::none);
  tail_up_ = &child<Conv2d>("tail_up", like, tail.up, Activation::relu);
}

Variable ITnet::input(const Variable& image) const {
  const Variable seen = scale_ == 2 ? avg_pool2d(image) : image;
  if (residual_ == Residual::add) return vgg_input(seen);
  const Variable mask = exposure_mask(image, alpha_);  // at half the resolution a small lamp still has all of it
  return concat_channels({vgg_input(seen), affine(scale_ == 2 ? max_pool2d(mask) : mask, 255, 0)});
}

Level ITnet::down(int level, Variable x, int first) const {
  Variable skip = encoder_.group(level, level == 0 ? cast(input(x), working_type(x)) : std::move(x), first);
  const Variable pooled = max_pool2d(skip);
  if (level == 0 && tail_skip_) skip = (*tail_skip_)(skip);
  return {skip, pooled};
}

Variable ITnet::up(int level, const Variable& x, const Variable& skip) const {
  const auto index = static_cast<std::size_t>(levels - 1 - level);
  const Variable up = (*ups_[index])(x);
  if (level == 0 && tail_up_) return (*tail_up_)(up, {}, skip);
  const Variable fused = (*fuses_[index])(up, skip);
  return level == 0 ? out_(fused) : fused;
}

Variable ITnet::finish(const Variable& base, const Variable& seen, const Variable& features) const {
  const Variable wide = cast(features, seen.dtype());
  const Variable residual = fuse0_(scale_ == 2 ? upsample_bilinear2x(wide) : wide, seen),
                 mask = exposure_mask(base, alpha_);
  return residual_ == Residual::add ? masked_add(base, mask, residual)
                                    : masked_gain(base, mask, clamp(residual, 0, most_decades));
}

Variable ITnet::operator()(const Variable& x, int iterations, bool literal) const {
  DUHDR_CHECK(iterations >= 1, iterations, " iterations");
  Variable result;
  for (int i = 0; i < iterations; ++i) {
    const Variable seen = i == 0 ? x : truncation(result);
    result = finish(literal ? seen : x, seen, through_levels(*this, seen));
  }
  return result;
}

}  // namespace duhdr
