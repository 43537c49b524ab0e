// SPDX-License-Identifier: Apache-2.0
#include "metrics/psnr.h"

#include <algorithm>
#include <cmath>

#include "metrics/pixel_sums.h"
#include "metrics/pu21.h"

namespace duhdr {
namespace {

/// Of encoded pictures.
double psnr(const Tensor& a, const Tensor& b, double peak) {
  const float *x = a.data<float>(), *y = b.data<float>();
  const double sum = sum_of(a.numel(), [&](std::int64_t i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    return difference * difference;
  });
  return 20 * std::log10(peak / std::sqrt(sum / static_cast<double>(a.numel())));
}

void check(const Tensor& estimate, const Tensor& truth) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && truth.numel() > 0, "PSNR of ", estimate.shape(), " and ",
              truth.shape());
}

}  // namespace

double pu21_psnr(const Tensor& estimate, const Tensor& truth) {
  check(estimate, truth);
  return psnr(pu21(estimate), pu21(truth), pu21_range);
}

double pu21_psnr_y(const Tensor& estimate, const Tensor& truth) {
  check(estimate, truth);
  return psnr(pu21_of_luminance(estimate), pu21_of_luminance(truth), pu21_range);
}

double mu_law_psnr(const Tensor& estimate, const Tensor& truth) {
  check(estimate, truth);
  constexpr double mu = 5000;
  const float *x = estimate.data<float>(), *y = truth.data<float>();
  const auto most = static_cast<double>(*std::max_element(y, y + truth.numel()));
  DUHDR_CHECK(most > 0, "mu-law PSNR against a black picture");
  const auto curve = [&](float light) {
    return std::log1p(mu * std::max(static_cast<double>(light), 0.0) / most) / std::log1p(mu);
  };
  const double sum = sum_of(truth.numel(), [&](std::int64_t i) {
    const double difference = curve(x[i]) - curve(y[i]);
    return difference * difference;
  });
  return -10 * std::log10(sum / static_cast<double>(truth.numel()));
}

}  // namespace duhdr
