// SPDX-License-Identifier: Apache-2.0
#include "metrics/delta_e_itp.h"

#include <cmath>

#include "image/colour.h"
#include "image/pq.h"
#include "metrics/pixel_sums.h"

namespace duhdr {
namespace {

const Matrix3 to_2020 = rgb_to_rgb(rec709, rec2020);
constexpr Matrix3 to_lms{{{1688. / 4096, 2146. / 4096, 262. / 4096},
                          {683. / 4096, 2951. / 4096, 462. / 4096},
                          {99. / 4096, 309. / 4096, 3688. / 4096}}};
constexpr Matrix3 to_ictcp{{{2048. / 4096, 2048. / 4096, 0},
                            {6610. / 4096, -13613. / 4096, 7003. / 4096},
                            {17933. / 4096, -17390. / 4096, -543. / 4096}}};

Vector3 itp_of(const float* rgb) {
  const Vector3 light{static_cast<double>(rgb[0]), static_cast<double>(rgb[1]), static_cast<double>(rgb[2])};
  Vector3 lms = to_lms * (to_2020 * light);
  for (double& value : lms) value = pq(value);
  Vector3 itp = to_ictcp * lms;
  itp[1] /= 2;
  return itp;
}

}  // namespace

double delta_e_itp(const Tensor& estimate, const Tensor& truth) {
  DUHDR_CHECK(estimate.shape() == truth.shape() && truth.numel() > 0 && truth.numel() % 3 == 0, "delta E of ",
              estimate.shape(), " and ", truth.shape());
  const float *a = estimate.data<float>(), *b = truth.data<float>();
  const std::int64_t pixels = truth.numel() / 3;
  const double sum = sum_of(pixels, [&](std::int64_t i) {
    const Vector3 x = itp_of(a + 3 * i), y = itp_of(b + 3 * i);
    return 720 *
           std::sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) + (x[2] - y[2]) * (x[2] - y[2]));
  });
  return sum / static_cast<double>(pixels);
}

}  // namespace duhdr
