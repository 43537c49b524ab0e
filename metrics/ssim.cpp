// SPDX-License-Identifier: Apache-2.0
#include "metrics/ssim.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/pu21.h"
#include "metrics/vdp/gaussian.h"

namespace duhdr {
namespace {

constexpr std::int64_t radius = 5;
constexpr double sigma = 1.5, k1 = 0.01, k2 = 0.03;

using vdp::map;
using Map = vdp::Plane<double>;

Map map_of(const Tensor& picture) {
  Map out(picture.shape().h(), picture.shape().w());
  std::copy_n(picture.data<float>(), out.size(), out.row(0));
  return out;
}

Map blurred(const Map& values) { return vdp::blur(values, sigma, radius); }

double mean(const Map& values) {
  return vdp::mean_of(values, [](double value) { return value; });
}

struct Similarity {
  double full, contrast;  // means of l c s and of c s
};

Similarity similarity(const Map& a, const Map& b, double range) {
  const double c1 = k1 * range * k1 * range, c2 = k2 * range * k2 * range;
  const auto product = [](double x, double y) { return x * y; };
  const Map ma = blurred(a), mb = blurred(b);
  const Map both = blurred(map(product, a, b));
  const Map squares = blurred(map([](double x, double y) { return x * x + y * y; }, a, b));
  const Map contrast = map([c2](double x, double y, double xy,
                                double xx_yy) { return (2 * (xy - x * y) + c2) / (xx_yy - (x * x + y * y) + c2); },
                           ma, mb, both, squares);
  const auto with_luminance = [c1](double x, double y, double c) {
    return (2 * x * y + c1) / (x * x + y * y + c1) * c;
  };
  return {mean(map(with_luminance, ma, mb, contrast)), mean(contrast)};
}

Map halved(const Map& values) {
  Map out(values.height() / 2, values.width() / 2);
  vdp::for_rows(out.height(), [&](std::int64_t y) {
    const double *above = values.row(2 * y), *below = values.row(2 * y + 1);
    for (std::int64_t x = 0; x < out.width(); ++x)
      out.row(y)[x] = (above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1]) / 4;
  });
  return out;
}

void check(const Tensor& a, const Tensor& b, std::int64_t least) {
  DUHDR_CHECK(a.shape() == b.shape() && a.shape().rank() == 4 && a.shape().n() == 1 && a.shape()[3] == 1 &&
                  std::min(a.shape().h(), a.shape().w()) >= least,
              "SSIM of ", a.shape(), " and ", b.shape());
}

}  // namespace

double ssim(const Tensor& a, const Tensor& b, double range) {
  check(a, b, 1);
  return similarity(map_of(a), map_of(b), range).full;
}

double ms_ssim(const Tensor& a, const Tensor& b, double range) {
  check(a, b, least_ms_ssim_side);
  constexpr std::array weights{0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
  Map x = map_of(a), y = map_of(b);
  double product = 1;
  for (std::size_t scale = 0; scale < weights.size(); ++scale) {
    const Similarity s = similarity(x, y, range);
    const bool last = scale + 1 == weights.size();
    product *= std::pow(std::max(last ? s.full : s.contrast, 0.0), weights[scale]);
    if (last) break;
    x = halved(x);
    y = halved(y);
  }
  return product;
}

double pu21_ssim(const Tensor& estimate, const Tensor& truth) {
  return ssim(pu21_of_luminance(estimate), pu21_of_luminance(truth), pu21_range);
}

double pu21_ms_ssim(const Tensor& estimate, const Tensor& truth) {
  return ms_ssim(pu21_of_luminance(estimate), pu21_of_luminance(truth), pu21_range);
}

}  // namespace duhdr
