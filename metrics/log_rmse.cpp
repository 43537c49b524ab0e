// SPDX-License-Identifier: Apache-2.0
#include "metrics/log_rmse.h"

#include <algorithm>
#include <cmath>

namespace duhdr {
namespace {

double root_mean(double sum, std::int64_t pixels) {
  return pixels == 0 ? 0 : std::sqrt(sum / (3 * static_cast<double>(pixels)));
}

}  // namespace

void LogRmse::add(const Tensor& estimate, const Tensor& truth) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && truth.numel() % 3 == 0, "log-RMSE of ", estimate.shape(), " and ",
              truth.shape());
  const float* a = estimate.data<float>();
  const float* b = truth.data<float>();
  const auto log = [](float x) { return std::log10(std::max(static_cast<double>(x), floor)); };
  for (std::int64_t pixel = 0; pixel < truth.numel() / 3; ++pixel) {
    double square = 0;
    bool clipped = false;
    for (std::int64_t i = 3 * pixel; i < 3 * pixel + 3; ++i) {
      const double difference = log(a[i]) - log(b[i]);
      square += difference * difference;
      clipped = clipped || b[i] > 1;
    }
    all_ += square;
    ++pixels_;
    if (!clipped) continue;
    clipped_ += square;
    ++clipped_pixels_;
  }
}

double LogRmse::all() const { return root_mean(all_, pixels_); }
double LogRmse::clipped() const { return root_mean(clipped_, clipped_pixels_); }

}  // namespace duhdr
