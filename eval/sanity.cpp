// SPDX-License-Identifier: Apache-2.0
#include "eval/sanity.h"

#include <cmath>

namespace duhdr {
namespace {

constexpr float blind_gain = 4;

/// f(linearised, reference) in clipped pixels, the linearised photograph in the others.
template <class F>
Tensor in_highlights(const Tensor& linearised, const Tensor& reference, const Tensor& clipped, const F& f) {
  Tensor out(linearised.shape(), DType::f32);
  const float *base = linearised.data<float>(), *truth = reference.data<float>();
  const std::uint8_t* mask = clipped.data<std::uint8_t>();
  float* value = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) value[i] = mask[i / 3] != 0 ? f(base[i], truth[i]) : base[i];
  return out;
}

Tensor nothing(const Tensor& linearised, const Tensor&, const Tensor&) { return linearised; }

Tensor gain(const Tensor& linearised, const Tensor& reference, const Tensor& clipped) {
  return in_highlights(linearised, reference, clipped, [](float base, float) { return blind_gain * base; });
}

Tensor half(const Tensor& linearised, const Tensor& reference, const Tensor& clipped) {
  return in_highlights(linearised, reference, clipped,
                       [](float base, float truth) { return std::sqrt(base) * std::sqrt(truth); });
}

Tensor truth(const Tensor& linearised, const Tensor& reference, const Tensor& clipped) {
  return in_highlights(linearised, reference, clipped, [](float, float light) { return light; });
}

}  // namespace

const std::vector<SanityRow>& sanity_rows() {
  static const std::vector<SanityRow> rows{
      {sanity_base, "linearised by the camera's true curve", nothing},
      {"blind-gain", "true curve, clipped pixels times 4: a cheat", gain},
      {"half-highlights", "true curve, half of the true stops in clipped pixels", half},
      {"true-highlights", "true curve, the truth in clipped pixels", truth}};
  return rows;
}

}  // namespace duhdr
