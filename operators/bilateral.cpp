// SPDX-License-Identifier: Apache-2.0
#include "operators/bilateral.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "operators/light.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

constexpr double cells_per_sigma = 2;

/// One axis of the grid. A coordinate lies between two cells and belongs to both by its distances.
struct Axis {
  Axis(double first, double last, double sigma)
      : origin(static_cast<float>(first)),
        scale(static_cast<float>(cells_per_sigma / sigma)),
        cells(static_cast<std::int64_t>(static_cast<float>(last - first) * scale) + 2) {}

  struct Place {
    std::int64_t cell;
    float next;  // share of cell + 1
  };
  Place place(float at) const {
    const float cell = std::clamp((at - origin) * scale, 0.f, static_cast<float>(cells - 2) + 0.999f);
    const auto whole = static_cast<std::int64_t>(cell);
    return {whole, cell - static_cast<float>(whole)};
  }
  Place place(std::int64_t at) const { return place(static_cast<float>(at)); }

  float origin, scale;  // cells per unit
  std::int64_t cells;
};

/// Half of the kernel that smooths the grid. Splatting and reading are linear and widen it by 1/3 cell^2.
std::vector<float> smoothing_kernel() {
  const double variance = cells_per_sigma * cells_per_sigma - 1.0 / 3;
  std::vector<float> kernel;
  for (int i = 0; i <= std::ceil(4 * std::sqrt(variance)); ++i)
    kernel.push_back(static_cast<float>(std::exp(-i * i / (2 * variance))));
  return kernel;
}

void add_scaled(float* to, const float* from, float factor, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] += factor * from[i];
}

/// to[i] = sum_j kernel[|j|] from[i + j stride], zeros outside of [0, count).
void smooth(const float* from, float* to, std::int64_t count, std::int64_t stride, std::span<const float> kernel) {
  const auto radius = static_cast<std::int64_t>(kernel.size()) - 1;
  std::fill_n(to, count, 0.f);
  for (std::int64_t j = -radius; j <= radius; ++j) {
    const std::int64_t shift = j * stride, first = std::max<std::int64_t>(0, -shift);
    const std::int64_t length = count - std::abs(shift);
    if (length > 0) add_scaled(to + first, from + first + shift, kernel[static_cast<std::size_t>(std::abs(j))], length);
  }
}

/// The grid [y, x, z, 2], z the range: in each cell the sum of values and that of weights. A cell's row of it is made
/// by one thread, from pixels in their order.
class Grid {
 public:
  Grid(const Tensor& values, const Tensor& guide, double sigma_space, double sigma_range, Extremes range)
      : values_(values.data<float>()),
        guide_(guide.data<float>()),
        height_(values.shape().h()),
        width_(values.shape().w()),
        y_(0, static_cast<double>(height_ - 1), sigma_space),
        x_(0, static_cast<double>(width_ - 1), sigma_space),
        z_(static_cast<double>(range.least), static_cast<double>(range.largest), sigma_range),
        row_(x_.cells * z_.cells * 2),
        cells_(Tensor(Shape{y_.cells, x_.cells, z_.cells, 2}, DType::f32)) {
    smooth_rows();
    smooth_columns();
  }

  Tensor read() const {
    Tensor out(Shape{1, height_, width_, 1}, DType::f32);
    float* to = out.mutable_data<float>();
    const float* grid = cells_.data<float>();
    parallel_for(height_, [&](std::int64_t y) {
      const Axis::Place at_y = y_.place(y);
      for (std::int64_t x = 0; x < width_; ++x) {
        const std::int64_t i = y * width_ + x;
        const Axis::Place at_x = x_.place(x), at_z = z_.place(guide_[i]);
        const float* corner = grid + at_y.cell * row_ + (at_x.cell * z_.cells + at_z.cell) * 2;
        float sum = 0, weight = 0;
        for (const auto& [step_y, share_y] : {std::pair{std::int64_t{0}, 1 - at_y.next}, {row_, at_y.next}})
          for (const auto& [step_x, share_x] : {std::pair{std::int64_t{0}, 1 - at_x.next}, {2 * z_.cells, at_x.next}}) {
            const float* cell = corner + step_y + step_x;
            const float share = share_y * share_x;
            sum += share * ((1 - at_z.next) * cell[0] + at_z.next * cell[2]);
            weight += share * ((1 - at_z.next) * cell[1] + at_z.next * cell[3]);
          }
        to[i] = weight > 0 ? sum / weight : values_[i];
      }
    });
    return out;
  }

 private:
  /// Pixels between the grid's rows `cell - 1` and `cell + 1`.
  void collect(std::int64_t cell, float* row) const {
    const auto pixels_per_cell = 1 / static_cast<double>(y_.scale);
    const auto pixel = [&](std::int64_t of) {  // one early or late: place() decides
      return std::clamp(static_cast<std::int64_t>(static_cast<double>(of) * pixels_per_cell), std::int64_t{0}, height_);
    };
    for (std::int64_t y = pixel(cell - 1); y < std::min(height_, pixel(cell + 1) + 2); ++y) {
      const Axis::Place at_y = y_.place(y);
      if (at_y.cell != cell && at_y.cell != cell - 1) continue;
      const float share_y = at_y.cell == cell ? 1 - at_y.next : at_y.next;
      for (std::int64_t x = 0; x < width_; ++x) {
        const std::int64_t i = y * width_ + x;
        const Axis::Place at_x = x_.place(x), at_z = z_.place(guide_[i]);
        float* corner = row + (at_x.cell * z_.cells + at_z.cell) * 2;
        for (int next_x = 0; next_x < 2; ++next_x, corner += 2 * z_.cells) {
          const float share = share_y * (next_x == 1 ? at_x.next : 1 - at_x.next);
          const float here = share * (1 - at_z.next), there = share * at_z.next;
          corner[0] += here * values_[i];
          corner[1] += here;
          corner[2] += there * values_[i];
          corner[3] += there;
        }
      }
    }
  }

  /// Collects every row and smooths it along the range and x.
  void smooth_rows() {
    float* grid = cells_.mutable_data<float>();
    parallel_for(y_.cells, [&](std::int64_t y) {
      std::vector<float> raw(static_cast<std::size_t>(row_)), smoothed(static_cast<std::size_t>(row_));
      collect(y, raw.data());
      const std::int64_t column = 2 * z_.cells;
      for (std::int64_t x = 0; x < x_.cells; ++x)
        smooth(raw.data() + x * column, smoothed.data() + x * column, column, 2, kernel_);
      smooth(smoothed.data(), grid + y * row_, row_, column, kernel_);
    });
  }

  void smooth_columns() {
    Tensor out(cells_.shape(), DType::f32);
    const float* from = cells_.data<float>();
    float* to = out.mutable_data<float>();
    const auto radius = static_cast<std::int64_t>(kernel_.size()) - 1;
    parallel_for(y_.cells, [&](std::int64_t y) {
      std::fill_n(to + y * row_, row_, 0.f);
      for (std::int64_t j = std::max(-radius, -y); j <= std::min(radius, y_.cells - 1 - y); ++j)
        add_scaled(to + y * row_, from + (y + j) * row_, kernel_[static_cast<std::size_t>(std::abs(j))], row_);
    });
    cells_ = out;
  }

  const float *values_, *guide_;
  std::int64_t height_, width_;
  Axis y_, x_, z_;
  std::int64_t row_;  // floats
  Tensor cells_;
  const std::vector<float> kernel_ = smoothing_kernel();
};

void check(const Tensor& values, double sigma_space) {
  DUHDR_CHECK(values.shape().c() == 1 && sigma_space >= 0.5, values.shape(), ", sigma ", sigma_space);
}

}  // namespace

Tensor bilateral(const Tensor& values, const Tensor& guide, double sigma_space, double sigma_range) {
  check(values, sigma_space);
  DUHDR_CHECK(values.shape() == guide.shape() && sigma_range > 0, guide.shape(), ", sigma ", sigma_range);
  return Grid(values, guide, sigma_space, sigma_range, extremes_of(guide)).read();
}

Tensor gaussian_mean(const Tensor& values, double sigma_space) {
  check(values, sigma_space);
  const Tensor guide = Tensor::zeros(values.shape(), DType::f32);
  return Grid(values, guide, sigma_space, 1, {0, 0}).read();
}

}  // namespace duhdr
