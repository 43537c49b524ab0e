// SPDX-License-Identifier: Apache-2.0
#include "operators/median_cut.h"

#include <algorithm>
#include <cmath>

namespace duhdr {
namespace {

class MedianCut {
 public:
  explicit MedianCut(const Tensor& luminance)
      : values_(luminance.data<float>()),
        width_(luminance.shape().w()),
        sums_(Tensor::zeros(Shape{luminance.shape().h() + 1, width_ + 1}, DType::f64)) {
    double* sums = sums_.mutable_data<double>();
    for (std::int64_t y = 0; y < luminance.shape().h(); ++y) {
      double row = 0;
      for (std::int64_t x = 0; x < width_; ++x) {
        row += static_cast<double>(values_[y * width_ + x]);
        sums[(y + 1) * (width_ + 1) + x + 1] = sums[y * (width_ + 1) + x + 1] + row;
      }
    }
  }

  struct Region {
    std::int64_t left, top, right, bottom;  // the last two are the first outside
    std::int64_t width() const { return right - left; }
    std::int64_t height() const { return bottom - top; }
  };

  void cut(const Region& region, int cuts) {
    constexpr std::int64_t least = 3;
    if (cuts == 0 || region.width() <= least || region.height() <= least) return add_source(region);
    const bool across_x = region.width() > region.height();
    const auto first = [&](std::int64_t at) {
      Region part = region;
      (across_x ? part.right : part.bottom) = at;
      return part;
    };
    // The first cut whose part has half of the light; both parts have a pixel.
    std::int64_t low = (across_x ? region.left : region.top) + 1, high = (across_x ? region.right : region.bottom) - 1;
    const double half = sum(region) / 2;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (sum(first(middle)) >= half)
        high = middle;
      else
        low = middle + 1;
    }
    Region second = region;
    (across_x ? second.left : second.top) = low;
    cut(first(low), cuts - 1);
    cut(second, cuts - 1);
  }

  std::vector<LightSource> sources;

 private:
  double sum(const Region& of) const {
    const double* sums = sums_.data<double>();
    const auto corner = [&](std::int64_t y, std::int64_t x) { return sums[y * (width_ + 1) + x]; };
    return corner(of.bottom, of.right) - corner(of.top, of.right) - corner(of.bottom, of.left) +
           corner(of.top, of.left);
  }

  void add_source(const Region& region) {
    double power = 0, x_moment = 0, y_moment = 0;
    for (std::int64_t y = region.top; y < region.bottom; ++y)
      for (std::int64_t x = region.left; x < region.right; ++x) {
        const auto value = static_cast<double>(values_[y * width_ + x]);
        power += value;
        x_moment += value * static_cast<double>(x - region.left);
        y_moment += value * static_cast<double>(y - region.top);
      }
    if (!(power > 0)) return;
    sources.push_back(
        {region.left + std::llround(x_moment / power), region.top + std::llround(y_moment / power), power});
  }

  const float* values_;
  std::int64_t width_;
  Tensor sums_;  // of the pixels above and to the left
};

}  // namespace

std::vector<LightSource> median_cut(const Tensor& luminance, int cuts) {
  MedianCut run(luminance);
  run.cut({0, 0, luminance.shape().w(), luminance.shape().h()}, cuts);
  return std::move(run.sources);
}

}  // namespace duhdr
