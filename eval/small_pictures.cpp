// SPDX-License-Identifier: Apache-2.0
#include "eval/small_pictures.h"

#include <algorithm>
#include <cmath>

#include "image/colour.h"
#include "image/preview.h"

namespace duhdr {
namespace {

constexpr float darkest = 1 / 4096.f;

Tensor small(const Tensor& picture) {
  const std::int64_t height = picture.shape().h(), width = picture.shape().w();
  const std::int64_t most = std::max(height, width);
  if (most <= largest_small_side) return picture;
  const auto side = [&](std::int64_t n) { return std::max<std::int64_t>(1, n * largest_small_side / most); };
  return box_average(picture, side(height), side(width));
}

Tensor error_of(const Tensor& estimate, const Tensor& reference) {
  Tensor error(Shape{1, estimate.shape().h(), estimate.shape().w(), 1}, DType::f32);
  const float *a = estimate.data<float>(), *b = reference.data<float>();
  float* out = error.mutable_data<float>();
  const auto stops = [](const float* p) { return std::log2(std::max(luminance(p[0], p[1], p[2]), darkest)); };
  for (std::int64_t i = 0; i < error.numel(); ++i) out[i] = std::abs(stops(a + 3 * i) - stops(b + 3 * i));
  return error;
}

}  // namespace

void add_small_pictures(Row& row, const Compared& compared, const Tensor& codes) {
  if (codes.defined()) row.photograph = small(codes);
  row.reference = small(compared.shown.reference_light);
  row.estimate = small(compared.shown.light);
  row.error = small(error_of(compared.shown.light, compared.shown.reference_light));
  if (compared.vdp && compared.vdp->visibility.defined()) row.visibility = small(compared.vdp->visibility);
}

}  // namespace duhdr
