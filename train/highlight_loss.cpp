// SPDX-License-Identifier: Apache-2.0
#include "train/highlight_loss.h"

#include <algorithm>
#include <limits>
#include <numbers>

#include "kernels/arithmetic.h"
#include "kernels/camera/mask.h"
#include "kernels/layout.h"
#include "kernels/loss.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"
#include "train/luminance.h"

namespace duhdr {
namespace {

constexpr double decade = 1 / std::numbers::ln10, most_energy = 2;
constexpr double clipped_from = 0.999;  // of the ramp that ends at the clip level
constexpr double least_square = 1e-8;   // added below roots, whose slope at 0 has no end
constexpr int scales = 4;
constexpr double infinity = std::numeric_limits<double>::infinity();

Variable decades(const Variable& light) { return affine(log(light, log_shift), decade, 0); }

/// Weights of the pixels where `mask` [N, h, w, 1] counts: their mean over each picture that has any is 1.
Variable normalised(const Variable& mask) { return div(mask, clamp(mean_per_image(mask), 1e-12, infinity)); }

Variable weighted_mean(const Variable& x, const Variable& weights) { return mean_per_image(mul(x, weights)); }

Variable root(const Variable& mean_square) { return sqrt(affine(mean_square, 1, least_square)); }

/// The mean over the images that count, of one value each.
Variable over_images(const Variable& values, const Tensor& image_weights) {
  return absolute_error(values, Variable(Tensor::zeros(values.shape(), values.dtype(), values.device())),
                        {.image = image_weights});
}

/// Of one scale: neighbours at a distance of one pixel downwards or to the right, where one of the two is clipped.
Variable neighbour_differences(const Variable& ratio, const Variable& mask, std::int64_t down, std::int64_t right,
                               const Tensor& image_weights) {
  const std::int64_t h = ratio.shape().h() - down, w = ratio.shape().w() - right;
  const auto near = [&](const Variable& x) { return crop(x, 0, 0, h, w); };
  const auto far = [&](const Variable& x) { return crop(x, down, right, h, w); };
  const Tensor pairs = normalised(maximum(near(mask), far(mask))).value();
  return absolute_error(far(ratio), near(ratio), {.image = image_weights, .pixel = pairs});
}

Variable gradient_term(const Variable& ratio, const Variable& mask, const Tensor& image_weights) {
  LossTerms terms;
  Variable r = ratio, m = mask;
  for (int scale = 0; scale < scales; ++scale) {
    if (r.shape().h() < 2 || r.shape().w() < 2) break;
    terms.push_back({"down", 1, neighbour_differences(r, m, 1, 0, image_weights)});
    terms.push_back({"right", 1, neighbour_differences(r, m, 0, 1, image_weights)});
    r = avg_pool2d(r);
    m = avg_pool2d(m);
  }
  return terms.empty() ? affine(sum(ratio), 0, 0) : total(terms);
}

}  // namespace

LossTerms highlight_terms(const Variable& estimate, const Variable& target, const HighlightWeights& weights,
                          const Tensor& image_weights) {
  LossTerms terms;
  const Variable wanted = target.detach(), mask = exposure_mask(wanted, clipped_from), share = normalised(mask);
  const Variable ratio = sub(decades(estimate), decades(wanted));
  if (weights.log > 0)
    terms.push_back(
        {"highlight_log", weights.log, over_images(root(weighted_mean(square(ratio), share)), image_weights)});
  if (weights.gradient > 0)
    terms.push_back({"highlight_gradient", weights.gradient, gradient_term(ratio, mask, image_weights)});
  if (weights.colour > 0)
    terms.push_back({"highlight_colour", weights.colour,
                     cosine_error(estimate, wanted, {.image = image_weights, .pixel = share.value()})});
  if (weights.structure <= 0 && weights.energy <= 0) return terms;

  const Variable is = luminance(estimate), should = luminance(wanted);
  if (weights.structure > 0) {
    const Variable of_luminance = sub(decades(is), decades(should));
    const Variable centred = sub(of_luminance, weighted_mean(of_luminance, share));
    terms.push_back({"highlight_structure", weights.structure,
                     over_images(root(weighted_mean(square(centred), share)), image_weights)});
  }
  if (weights.energy > 0) {
    const Variable energy = sub(decades(weighted_mean(is, share)), decades(weighted_mean(should, share)));
    terms.push_back(
        {"highlight_energy", weights.energy, over_images(clamp(abs(energy), 0, most_energy), image_weights)});
  }
  return terms;
}

}  // namespace duhdr
