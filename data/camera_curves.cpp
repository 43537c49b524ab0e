// SPDX-License-Identifier: Apache-2.0
// The camera responses that the virtual camera draws from, dealt to training, validation and evaluation.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "data/curve_basis.h"
#include "data/draws.h"
#include "data/virtual_camera.h"
#include "image/colour.h"

namespace duhdr {
namespace {

constexpr std::uint64_t split_seed = 730;  // the deal never changes: a curve that is kept back must stay so
constexpr std::size_t kept_share = 40;     // one curve in forty for validation, and one for evaluation

/// The inverse of the straight lines between the samples of an increasing curve from 0 to 1, on the same grid.
std::vector<double> inverse_of(const std::vector<double>& forward) {
  const std::size_t last = forward.size() - 1;
  std::vector<double> inverse(forward.size());
  std::size_t segment = 0;
  for (std::size_t j = 0; j <= last; ++j) {
    const double y = static_cast<double>(j) / static_cast<double>(last);
    while (segment + 1 < last && forward[segment + 1] < y) ++segment;
    const double rise = forward[segment + 1] - forward[segment];
    const double share = rise > 0 ? std::clamp((y - forward[segment]) / rise, 0.0, 1.0) : 0.0;
    inverse[j] = (static_cast<double>(segment) + share) / static_cast<double>(last);
  }
  inverse.front() = 0.0;
  inverse.back() = 1.0;
  return inverse;
}

/// Whether no sample is further from sRGB's curve than 0.06.
bool is_srgb_like(const std::vector<double>& forward) {
  constexpr double furthest = 0.06;
  const auto last = static_cast<float>(forward.size() - 1);
  for (std::size_t i = 0; i < forward.size(); ++i)
    if (std::abs(forward[i] - linear_to_srgb(static_cast<float>(i) / last)) > furthest) return false;
  return true;
}

struct Deal {
  CameraCurves validation, evaluation, training;
};

Deal deal() {
  const std::vector<ResponseFunction> family = response_family();
  std::vector<std::size_t> order(family.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Philox draws = draws_for(split_seed, Purpose::curve_split, 0);
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[static_cast<std::size_t>(pick(draws, left, static_cast<std::int64_t>(left)))]);

  Deal out;
  const std::size_t kept = family.size() / kept_share;
  for (std::size_t i = 0; i < order.size(); ++i) {
    CameraCurves& side = i < kept ? out.validation : i < 2 * kept ? out.evaluation : out.training;
    side.forward.push_back(sample(family[order[i]], CurveDirection::forward, curve_samples));
    side.inverse.push_back(inverse_of(side.forward.back()));
    if (is_srgb_like(side.forward.back())) side.srgb_like.push_back(side.forward.size() - 1);
  }
  return out;
}

const Deal& dealt() {
  static const Deal curves = deal();
  return curves;
}

}  // namespace

const CameraCurves& training_curves() { return dealt().training; }

const CameraCurves& validation_curves() { return dealt().validation; }

const CameraCurves& evaluation_curves() { return dealt().evaluation; }

}  // namespace duhdr
