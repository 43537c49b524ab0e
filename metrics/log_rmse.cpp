// SPDX-License-Identifier: Apache-2.0
#include "metrics/log_rmse.h"

#include <algorithm>
#include <cmath>

#include "metrics/clipped_mask.h"

namespace duhdr {

void LogRmse::add(const Tensor& estimate, const Tensor& truth) { add(estimate, truth, clipped_light(truth)); }

void LogRmse::add(const Tensor& estimate, const Tensor& truth, const Tensor& clipped) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && truth.numel() == 3 * clipped.numel(), "log-RMSE of ",
              estimate.shape(), " and ", truth.shape(), " in ", clipped.shape());
  const float* a = estimate.data<float>();
  const float* b = truth.data<float>();
  const std::uint8_t* mask = clipped.data<std::uint8_t>();
  const auto log = [this](float x) { return std::log10(std::max(static_cast<double>(x), floor_)); };
  for (std::int64_t pixel = 0; pixel < clipped.numel(); ++pixel) {
    Sums& sums = mask[pixel] != 0 ? clipped_ : unclipped_;
    for (std::int64_t i = 3 * pixel; i < 3 * pixel + 3; ++i) {
      const double difference = log(a[i]) - log(b[i]);
      sums.square += difference * difference;
      sums.difference += difference;
    }
    ++sums.pixels;
  }
}

double LogRmse::root_mean(const Sums& sums) {
  return sums.pixels == 0 ? 0 : std::sqrt(sums.square / (3 * static_cast<double>(sums.pixels)));
}

double LogRmse::without_offset() const {
  const Sums sums = clipped_ + unclipped_;
  if (sums.pixels == 0) return 0;
  const double n = 3 * static_cast<double>(sums.pixels), mean = sums.difference / n;
  return std::sqrt(std::max(sums.square / n - mean * mean, 0.0));
}

}  // namespace duhdr
