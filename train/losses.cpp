// SPDX-License-Identifier: Apache-2.0
#include "train/losses.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "kernels/arithmetic.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/truncation.h"
#include "kernels/conv/conv2d.h"
#include "kernels/layout.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "train/luminance.h"

namespace duhdr {
namespace {

constexpr double mu = 10;
constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr double clipped_from = 0.95;  // of the light that HDRCNN's loss counts

/// Along an axis the 13 x 13 kernel of HDRCNN's loss: the root of what a normal distribution has in 13 equal steps over
/// +-(2 + half a step) deviations, with a sum of 1.
std::vector<double> gaussian() {
  constexpr int taps = 13;
  constexpr double deviations = 2, step = (2 * deviations + 1) / taps;
  const auto below = [](double x) { return std::erf(x / std::numbers::sqrt2) / 2; };
  std::vector<double> kernel;
  for (int i = 0; i < taps; ++i) {
    const double from = -deviations - step / 2 + i * (2 * deviations + step) / taps;
    kernel.push_back(std::sqrt(below(from + (2 * deviations + step) / taps) - below(from)));
  }
  const double sum = std::accumulate(kernel.begin(), kernel.end(), 0.0);
  for (double& tap : kernel) tap /= sum;
  return kernel;
}

}  // namespace

Variable log_loss(const Variable& estimate, const Variable& target, LogLoss kind, const Tensor& image_weights) {
  const LossWeights weights{.image = image_weights};
  return kind == LogLoss::l2 ? squared_log_error(estimate, target, log_shift, weights)
                             : mu_law_error(estimate, target, mu, weights);
}

Variable perceptual_loss(const Vgg16Features& vgg, const Variable& estimate, const Variable& target,
                         const Variable& mask, bool raw, const Tensor& image_weights) {
  const std::vector<Variable> wanted = vgg(mu_law(target.detach(), mu));
  const std::vector<Variable> found = vgg(mu_law(estimate, mu));
  Variable m = mask.detach(), sum;
  for (std::size_t layer = 0; layer < wanted.size(); ++layer) {
    m = avg_pool2d(m);
    const LossWeights weights{.image = image_weights, .pixel = square(m).value().to(wanted[layer].dtype())};
    Variable part = squared_error(found[layer], wanted[layer], weights);
    if (!raw) {  // `wanted` has no history, so the scale is a constant
      const Tensor zero = Tensor::zeros(wanted[layer].shape(), wanted[layer].dtype(), wanted[layer].device());
      const Variable scale = squared_error(wanted[layer], Variable(zero), {.image = image_weights});
      part = div(part, clamp(scale, 1e-12, infinity));
    }
    sum = sum.defined() ? add(sum, part) : part;
  }
  return sum;
}

Variable normal_area_loss(const Variable& estimate, const Variable& target, const Variable& mask,
                          const Tensor& image_weights) {
  const Tensor outside = square(affine(mask.detach(), -1, 1)).value();
  return squared_error(truncation(estimate), clamp(target, 0, 1), {.image = image_weights, .pixel = outside});
}

Variable total_variation(const Variable& image, const Tensor& image_weights) {
  const std::int64_t h = image.shape().h(), w = image.shape().w();
  const LossWeights weights{.image = image_weights};
  const auto difference = [&](std::int64_t down, std::int64_t right) {
    return mu_law_error(crop(image, down, right, h - down, w - right), crop(image, 0, 0, h - down, w - right), mu,
                        weights);
  };
  LossTerms terms;
  if (h > 1) terms.push_back({"vertical", 1, difference(1, 0)});
  if (w > 1) terms.push_back({"horizontal", 1, difference(0, 1)});
  return terms.empty() ? affine(sum(image), 0, 0) : total(terms);
}

Variable refinement_loss(const Variable& estimate, const Variable& target, const LossOptions& options,
                         const Tensor& image_weights) {
  const LossWeights weights{.image = image_weights};
  if (options.refinement == RefinementLoss::log) return log_loss(estimate, target, options.log, image_weights);
  if (options.refinement == RefinementLoss::l2) return squared_error(estimate, target, weights);
  const Variable scale = div(mean_per_image(target), clamp(mean_per_image(estimate), 1e-6, infinity));
  return mu_law_error(mul(estimate, scale), target, mu, weights);
}

Variable response_loss(const Variable& estimate, const Variable& target, ResponseLoss kind,
                       const Tensor& image_weights) {
  return kind == ResponseLoss::l2 ? squared_error(estimate, target, {.image = image_weights})
                                  : log_loss(estimate, target, LogLoss::l2, image_weights);
}

SeparatedLight separated(const Variable& logarithm) {
  const std::vector<double> rows = gaussian();
  const auto taps = static_cast<std::int64_t>(rows.size());
  const Variable blurred =
      conv2d({.x = log(luminance(exp(logarithm))), .weight = weights_like(logarithm, {1, 1, taps, 1}, rows)});
  const Variable illumination = conv2d({.x = blurred, .weight = weights_like(logarithm, {1, 1, 1, taps}, rows)});
  return {illumination, sub(logarithm, illumination)};
}

LossTerms reconstruction_terms(const Variable& logarithm, const Variable& target, const Tensor& image_weights) {
  const LossWeights weights{.image = image_weights, .pixel = exposure_mask(target.detach(), clipped_from).value()};
  const SeparatedLight is = separated(logarithm), wanted = separated(log(target, log_shift));
  return {{"illumination", 0.5, squared_error(is.illumination, wanted.illumination, weights)},
          {"reflectance", 0.5, squared_error(is.reflectance, wanted.reflectance, weights)}};
}

}  // namespace duhdr
