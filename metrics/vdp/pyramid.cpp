// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/pyramid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace duhdr::vdp {
namespace {

/// A filter that looks the same in eight directions: the tap at (dy, dx) is half[larger][smaller] of |dy|, |dx|.
template <std::size_t N>
using Symmetric = std::array<std::array<double, N>, N>;

constexpr Symmetric<4> first_low{{{.3153017},
                                  {.1524935, .06441488},
                                  {-.0075632, -.0134416, -.00611952},
                                  {-.00374386, -.00037258, -.00011371, -.0004514}}};
constexpr Symmetric<5> first_high{{{.8554893},
                                   {-.09623594, -.06300923},
                                   {-.02420138, -.01437358, -.00161665},
                                   {-.00037321, .00014597, .00049271, .00012631},
                                   {-.00024066, -.00033256, -.00033249, -.00006068, .00059972}}};
constexpr Symmetric<7> low{{{.1576508},
                            {.1348999, .1116388},
                            {.07624674, .06306262, .03220744},
                            {.024496, .01722078, .00393862, -.00526002},
                            {-.0037816, -.00523618, -.0067208, -.006401, -.00305976},
                            {-.0069489, -.00700674, -.00459642, -.00244906, -.00019038, .00141762},
                            {-.00187192, -.00103164, -.00018628, .00087414, -.00005686, -.00080644, -.0002257}}};
constexpr Symmetric<5> band{{{.9464195},
                             {-.03158605, -.01730466},
                             {-.03487008, -.02435662, -.0212954},
                             {-.00909195, -.00762341, -.00727254, -.00462515},
                             {-.01009473, -.00788939, -.0049425, -.00173864, -.00009066}}};
constexpr std::int64_t longest_filter = 13;

std::int64_t mirrored(std::int64_t i, std::int64_t n) { return i < 0 ? -i : i < n ? i : 2 * (n - 1) - i; }

/// Correlation at every `step`-th pixel of every `step`-th row.
template <class T, std::size_t N>
Plane<T> filtered(const Plane<T>& plane, const Symmetric<N>& filter, std::int64_t step = 1) {
  constexpr auto radius = static_cast<std::int64_t>(N) - 1;
  const std::int64_t height = plane.height(), width = plane.width(), wide = width + 2 * radius;
  Plane<T> out((height + step - 1) / step, (width + step - 1) / step);
  parallel_range(out.height(), least_rows, [&](std::int64_t begin, std::int64_t end) {
    std::vector<T> sums(static_cast<std::size_t>(wide)), result(static_cast<std::size_t>(width));
    for (std::int64_t y = begin; y < end; ++y) {
      std::fill(result.begin(), result.end(), T(0));
      for (std::int64_t dy = 0; dy <= radius; ++dy) {
        const T* above = plane.row(mirrored(step * y - dy, height));
        const T* below = plane.row(mirrored(step * y + dy, height));
        T* const middle = sums.data() + radius;
        if (dy == 0)
          std::copy(above, above + width, middle);
        else
          for (std::int64_t x = 0; x < width; ++x) middle[x] = above[x] + below[x];
        for (std::int64_t i = 1; i <= radius; ++i) {
          middle[-i] = middle[mirrored(-i, width)];
          middle[width - 1 + i] = middle[mirrored(width - 1 + i, width)];
        }
        const auto tap = [&](std::int64_t dx) {
          return static_cast<T>(
              filter[static_cast<std::size_t>(std::max(dy, dx))][static_cast<std::size_t>(std::min(dy, dx))]);
        };
        add_scaled(result.data(), tap(0), middle, width);
        for (std::int64_t dx = 1; dx <= radius; ++dx)
          add_scaled(result.data(), tap(dx), middle - dx, middle + dx, width);
      }
      for (std::int64_t x = 0; x < out.width(); ++x) out.row(y)[x] = result[static_cast<std::size_t>(step * x)];
    }
  });
  return out;
}

std::int64_t levels(std::int64_t height, std::int64_t width, double pixels_per_degree) {
  std::int64_t fit = 0;
  while (height >= longest_filter && width >= longest_filter) {
    ++fit;
    height /= 2;
    width /= 2;
  }
  return std::min(static_cast<std::int64_t>(std::ceil(std::log2(pixels_per_degree))) - 2, fit);
}

}  // namespace

template <class T>
std::vector<Plane<T>> pyramid(const Plane<T>& plane, double pixels_per_degree) {
  std::vector<Plane<T>> bands{filtered(plane, first_high)};
  Plane<T> rest = filtered(plane, first_low);
  const std::int64_t count = levels(plane.height(), plane.width(), pixels_per_degree);
  for (std::int64_t level = 0; level < count; ++level) {
    bands.push_back(filtered(rest, band));
    rest = filtered(rest, low, 2);
  }
  const auto mean = static_cast<T>(mean_of(rest, [](T value) { return value; }));
  bands.push_back(map([mean](T value) { return value - mean; }, rest));
  double share = 1;
  for (Plane<T>& finished : bands) {
    const auto factor = static_cast<T>(share);
    if (factor != 1) finished = map([factor](T value) { return value * factor; }, finished);
    share /= 2;
  }
  return bands;
}

template std::vector<Plane<float>> pyramid(const Plane<float>&, double);
template std::vector<Plane<double>> pyramid(const Plane<double>&, double);

}  // namespace duhdr::vdp
