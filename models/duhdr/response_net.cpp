// SPDX-License-Identifier: Apache-2.0
#include "models/duhdr/response_net.h"

#include <algorithm>

#include "kernels/camera/curve.h"
#include "kernels/pool.h"
#include "kernels/resample.h"
#include "models/duhdr/response_trunks.h"

namespace duhdr {

Extent response_extent(std::int64_t h, std::int64_t w, std::int64_t max_side) {
  const std::int64_t longer = std::max(h, w);
  if (max_side == 0 || longer <= max_side) return {h, w};
  const auto scaled = [&](std::int64_t side) {
    return std::max<std::int64_t>(1, (2 * side * max_side + longer) / (2 * longer));
  };
  return {scaled(h), scaled(w)};
}

namespace {

Tensor identity_curve(std::int64_t samples) {
  Tensor curve(Shape{samples}, DType::f32);
  for (std::int64_t i = 0; i < samples; ++i)
    curve.mutable_data<float>()[i] = static_cast<float>(static_cast<double>(i) / static_cast<double>(samples - 1));
  return curve;
}

/// f32 stays f32 and f64 stays f64; shorter types become f32: a curve multiplies noise by up to its sample count.
Variable widened(const Variable& x) { return x.dtype() == DType::bf16 ? cast(x, DType::f32) : x; }

}  // namespace

ResponseNet::ResponseNet(const DuHdrConfig& config)
    : max_side_(config.response_max_side),
      trunk_(config.trunk == Trunk::resnet18 ? static_cast<ResponseTrunk&>(child<ResNet18Trunk>("trunk", config))
                                             : static_cast<ResponseTrunk&>(child<CrfNetTrunk>("trunk", config))),
      fc_(child<Linear>("fc", trunk_.exit_channels(), config.curve_k, true, Activation::none, Init::zero)),
      mean_(buffer("curve.mean", identity_curve(config.curve_samples))),
      basis_(buffer("curve.basis", Tensor::zeros(Shape{config.curve_samples, config.curve_k}, DType::f32))) {}

void ResponseNet::set_basis(const Tensor& mean, const Tensor& basis) {
  mean_.set_value(mean);
  basis_.set_value(basis);
}

Variable ResponseNet::coefficients(const Variable& image) const {
  const Extent extent = response_extent(image.shape().h(), image.shape().w(), max_side_);
  const bool shrinks = extent.h != image.shape().h() || extent.w != image.shape().w();
  const Variable seen = shrinks ? area_downscale(image, extent.h, extent.w) : image;
  return fc_(global_avg_pool(widened(trunk_(seen))));
}

Variable ResponseNet::curve(const Variable& coefficients) const {
  return monotone_curve(linear(coefficients, basis_, mean_));
}

Variable ResponseNet::operator()(const Variable& image) const { return curve(coefficients(image)); }

}  // namespace duhdr
