// SPDX-License-Identifier: Apache-2.0
#include "metrics/pu21.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/luminance.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

constexpr std::array p{0.353487901,   0.3734658629, 8.277049286e-05, 0.9062562627,
                       0.09150303166, 0.9099517204, 596.3148142};
constexpr double darkest = 0.005, brightest = 10000;
constexpr std::int64_t least_range = 4096;  // values; about 100 us

}  // namespace

double pu21(double luminance) {
  const double y = std::pow(std::clamp(luminance, darkest, brightest), p[3]);
  return std::max(p[6] * (std::pow((p[0] + p[1] * y) / (1 + p[2] * y), p[4]) - p[5]), 0.0);
}

double pu21_inverse(double encoded) {
  const double v = std::pow(std::max(encoded / p[6] + p[5], 0.0), 1 / p[4]);
  return std::pow(std::max((v - p[0]) / (p[1] - p[2] * v), 0.0), 1 / p[3]);
}

Tensor pu21(const Tensor& luminance) {
  Tensor out(luminance.shape(), DType::f32);
  const float* from = luminance.data<float>();
  float* to = out.mutable_data<float>();
  parallel_range(out.numel(), least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<float>(pu21(static_cast<double>(from[i])));
  });
  return out;
}

Tensor pu21_of_luminance(const Tensor& picture) {
  Tensor out(Shape{1, picture.shape().h(), picture.shape().w(), 1}, DType::f32);
  const float* from = picture.data<float>();
  float* to = out.mutable_data<float>();
  parallel_range(out.numel(), least_range, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<float>(pu21(luminance_of(from + 3 * i)));
  });
  return out;
}

}  // namespace duhdr
