// SPDX-License-Identifier: Apache-2.0
#include "metrics/delta_e_itp.h"

#include <array>
#include <cmath>

#include "metrics/pixel_sums.h"
#include "metrics/pq.h"

namespace duhdr {
namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

constexpr Matrix to_2020{{{0.627403895934699, 0.329283038377884, 0.043313065687417},
                          {0.069097289358232, 0.919540395075459, 0.011362315566309},
                          {0.016391438875150, 0.088013307877226, 0.895595253247624}}};  // BT.2087
constexpr Matrix to_lms{{{1688. / 4096, 2146. / 4096, 262. / 4096},
                         {683. / 4096, 2951. / 4096, 462. / 4096},
                         {99. / 4096, 309. / 4096, 3688. / 4096}}};
constexpr Matrix to_ictcp{{{2048. / 4096, 2048. / 4096, 0},
                           {6610. / 4096, -13613. / 4096, 7003. / 4096},
                           {17933. / 4096, -17390. / 4096, -543. / 4096}}};

Triple operator*(const Matrix& m, const Triple& v) {
  Triple out{};
  for (std::size_t r = 0; r < 3; ++r) out[r] = m[r][0] * v[0] + m[r][1] * v[1] + m[r][2] * v[2];
  return out;
}

Triple itp_of(const float* rgb) {
  const Triple light{static_cast<double>(rgb[0]), static_cast<double>(rgb[1]), static_cast<double>(rgb[2])};
  Triple lms = to_lms * (to_2020 * light);
  for (double& value : lms) value = pq(value);
  Triple itp = to_ictcp * lms;
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
    const Triple x = itp_of(a + 3 * i), y = itp_of(b + 3 * i);
    return 720 *
           std::sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) + (x[2] - y[2]) * (x[2] - y[2]));
  });
  return sum / static_cast<double>(pixels);
}

}  // namespace duhdr
