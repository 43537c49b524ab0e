// SPDX-License-Identifier: Apache-2.0
#include "metrics/vdp/glare.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/vdp/dct.h"
#include "metrics/vdp/elementary.h"

namespace duhdr::vdp {
namespace {

using Complex = std::complex<double>;

constexpr double wide = 0.061466549455263, narrow = 0.99727370023777070;
constexpr double amplitude[] = {0.426 * narrow, 0.574 * narrow, (1 - narrow) * wide, (1 - narrow) * (1 - wide)};
constexpr double decay[] = {0.028, 0.37, 37, 360};

[[gnu::always_inline]] inline double mtf_at(double rho) {
  return amplitude[0] * exp(-decay[0] * rho) + amplitude[1] * exp(-decay[1] * rho) +
         amplitude[2] * exp(-decay[2] * rho) + amplitude[3] * exp(-decay[3] * rho);
}

constexpr std::int64_t columns_at_once = 4;  // a cache line of complex numbers

}  // namespace

double eye_mtf(double rho) { return mtf_at(rho); }

Glare::Glare(std::int64_t height, std::int64_t width, double pixels_per_degree) : mtf_(height, width) {
  for_rows(height, [&](std::int64_t k) {
    const double vertical = static_cast<double>(k) / static_cast<double>(2 * height);
    double* const row = mtf_.row(k);
    for (std::int64_t l = 0; l < width; ++l) {
      const double horizontal = static_cast<double>(l) / static_cast<double>(2 * width);
      row[l] = pixels_per_degree * std::sqrt(vertical * vertical + horizontal * horizontal);
    }
    for (std::int64_t l = 0; l < width; ++l) row[l] = mtf_at(row[l]);
  });
}

void Glare::apply(Complex* plane) const {
  const std::int64_t height = mtf_.height(), width = mtf_.width();
  const Dct along_row(width), along_column(height);
  parallel_range(height, least_rows, [&](std::int64_t begin, std::int64_t end) {
    Dct dct = along_row;
    for (std::int64_t y = begin; y < end; ++y) dct.forward(plane + y * width);
  });
  const std::int64_t blocks = (width + columns_at_once - 1) / columns_at_once;
  parallel_range(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    Dct dct = along_column;
    std::vector<Complex> columns(static_cast<std::size_t>(columns_at_once * height));
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * columns_at_once, count = std::min(columns_at_once, width - first);
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t i = 0; i < count; ++i) columns.data()[i * height + y] = plane[y * width + first + i];
      for (std::int64_t i = 0; i < count; ++i) {
        Complex* const column = columns.data() + i * height;
        dct.forward(column);
        for (std::int64_t k = 0; k < height; ++k) column[k] *= mtf_.row(k)[first + i];
        dct.inverse(column);
      }
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t i = 0; i < count; ++i) plane[y * width + first + i] = columns.data()[i * height + y];
    }
  });
  parallel_range(height, least_rows, [&](std::int64_t begin, std::int64_t end) {
    Dct dct = along_row;
    for (std::int64_t y = begin; y < end; ++y) dct.inverse(plane + y * width);
  });
}

}  // namespace duhdr::vdp
