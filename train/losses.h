// SPDX-License-Identifier: Apache-2.0
// The losses of the papers that are more than a squared difference. All are means over elements; images of weight 0 do
// not count. Masks are constants: they belong to the first input of ITnet, or to the target.
#pragma once

#include "kernels/loss.h"
#include "models/vgg16.h"
#include "train/highlight_loss.h"
#include "train/loss_terms.h"

namespace duhdr {

enum class LogLoss { l2, l1 };                  // of Eq. 16-17
enum class RefinementLoss { l2, log_l1, log };  // of Eq. 24; log: the logarithmic distance of Eq. 16
enum class ResponseLoss { l2, log };            // of Eq. 11-13's pictures

/// I_clip for the response nets (Eq. 11-13). known: the camera's own where the data were synthesised, else C(H).
/// process: C(H). hard: min(1, H).
enum class ClippedTarget { known, process, hard };

/// What ITnet learns from (Eq. 16-17). truth: I_clip. chain: what Dnet and INnet make of the photograph, where clipped
/// areas are a little darker than 1 and uneven.
enum class ItnetInput { truth, chain };

/// Weights and options, the paper's as defaults.
struct LossOptions {
  double dn_dual = 10;     // lambda of Eq. 5
  double dnm_dual = 0.01;  // lambdas of Eq. 13
  double dnm_dn = 0.005;
  double perceptual = 0.001;   // lambda of Eq. 16 and 17
  double itn_dual = 10;        // of the normal area, Eq. 17
  double total_variation = 0;  // of the logarithmic image, added to Eq. 16 and 17
  double curve = 0;            // of the 1024 curve values, added to Eq. 12
  LogLoss log = LogLoss::l2;
  RefinementLoss refinement = RefinementLoss::l2;
  ResponseLoss response = ResponseLoss::l2;
  ClippedTarget dnm_clipped = ClippedTarget::known;
  ItnetInput itnet_input = ItnetInput::truth;
  HighlightWeights highlights;  // added to Eq. 16, 17 and 24
  bool raw_perceptual = false;  // features not normalised by their mean square
  int itnet_iterations = 3;     // of Eq. 18-20
  bool literal = false;         // base and mask of later iterations are those of C(H)
};

/// Logarithmic distance of radiance, Eq. 16: mean (log(a + 1/255) - log(b + 1/255))^2, or mean |mu(a) - mu(b)| with
/// mu(x) = log(1 + 10 x) / log 11.
Variable log_loss(const Variable& estimate, const Variable& target, LogLoss kind, const Tensor& image_weights);

/// Eq. 16: sum over VGG16's pool1..pool3 of mean ((f(a) - f(b))^2 m^2) / mean f(b)^2, f of mu(x), m = `mask` [N, H, W,
/// 1] averaged over the pixels of a feature. `raw` leaves the denominator out.
Variable perceptual_loss(const Vgg16Features& vgg, const Variable& estimate, const Variable& target,
                         const Variable& mask, bool raw, const Tensor& image_weights);

/// Eq. 17: mean ((C(estimate) - min(1, target)) (1 - mask))^2
Variable normal_area_loss(const Variable& estimate, const Variable& target, const Variable& mask,
                          const Tensor& image_weights);

/// mean |mu(x) - mu(x below)| + mean |mu(x) - mu(x to the right)|; 0 for a side of 1
Variable total_variation(const Variable& image, const Tensor& image_weights);

/// Eq. 24: mean (a - b)^2, or mean |mu(s a) - mu(b)| with s = mean b / mean a of each image, or log_loss().
Variable refinement_loss(const Variable& estimate, const Variable& target, const LossOptions& options,
                         const Tensor& image_weights);

/// Of light that a response net made, Eq. 12: mean (a - b)^2, or of log(a + 1/255) - log(b + 1/255).
Variable response_loss(const Variable& estimate, const Variable& target, ResponseLoss kind,
                       const Tensor& image_weights);

/// Logarithmic light l [N, H, W, 3] in two (Eilertsen et al. 2017): illumination [N, H, W, 1], the logarithm of the
/// luminance 0.213 R + 0.715 G + 0.072 B of exp(l), blurred by a Gaussian of 13 x 13 pixels (zeros around the image);
/// reflectance [N, H, W, 3], what it leaves of l.
struct SeparatedLight {
  Variable illumination, reflectance;
};
SeparatedLight separated(const Variable& logarithm);

/// Of the same paper: squared differences of the illumination and the reflectance of ln(H + 1/255), half of each, where
/// the target is clipped: weighted by a ramp over its brightest channel from 0.95 to 1.
LossTerms reconstruction_terms(const Variable& logarithm, const Variable& target, const Tensor& image_weights);

}  // namespace duhdr
