// SPDX-License-Identifier: Apache-2.0
#include "metrics/clipped_share.h"

#include <algorithm>

namespace duhdr {
namespace {

void check(const Tensor& picture) {
  DUHDR_CHECK(picture.numel() > 0 && picture.numel() % 3 == 0, "clipped pixels of ", picture.shape());
}

}  // namespace

double clipped_share(const Tensor& picture, double level) {
  check(picture);
  const float* values = picture.data<float>();
  const std::int64_t pixels = picture.numel() / 3;
  std::int64_t clipped = 0;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const float *p = values + 3 * i, most = std::max({p[0], p[1], p[2]});
    clipped += static_cast<double>(most) >= level && most > 0 ? 1 : 0;
  }
  return static_cast<double>(clipped) / static_cast<double>(pixels);
}

double clip_level_at_0_ev(const Tensor& light) {
  check(light);
  const float* values = light.data<float>();
  double sum = 0;
  for (std::int64_t i = 0; i < light.numel(); ++i) sum += static_cast<double>(values[i]);
  return 2 * (sum / static_cast<double>(light.numel()));
}

}  // namespace duhdr
