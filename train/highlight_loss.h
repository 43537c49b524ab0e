// SPDX-License-Identifier: Apache-2.0
// Losses over clipped pixels that are what evaluations measure there (metrics/highlights.h, metrics/log_rmse.h), each
// picture by itself, in decades. The mean of logarithms alone is blind to a sun: it is a few pixels of a heavy tail.
#pragma once

#include "train/loss_terms.h"

namespace duhdr {

/// Weights; a term of weight 0 is not computed.
struct HighlightWeights {
  double log = 0;        // root of the mean square of log10(estimate / target), channel by channel
  double structure = 0;  // standard deviation of log10 of the luminances' ratio
  double energy = 0;     // |log10| of the ratio of the luminances' sums, at most 2
  double gradient = 0;   // mean |difference of log10(estimate / target) between neighbours|, the edge of the clipped
                         // area included, at four scales
  double colour = 0;     // 1 - cosine of the angle between the colours

  bool any() const { return log > 0 || structure > 0 || energy > 0 || gradient > 0 || colour > 0; }
};

/// estimate, target [N, H, W, 3], clipped where the target's brightest channel is above 1. A picture without clipped
/// pixels adds a constant. Light is floored by adding 1/255.
LossTerms highlight_terms(const Variable& estimate, const Variable& target, const HighlightWeights& weights,
                          const Tensor& image_weights);

}  // namespace duhdr
