// SPDX-License-Identifier: Apache-2.0
// log-RMSE: root mean square of log10(estimate / truth), in decades, over channel values, as the field reports it for
// single-image HDR reconstruction. Nothing is aligned first: 1.0 is the clip level on both sides.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace duhdr {

/// Sums over any number of pictures as over one.
class LogRmse {
 public:
  /// Values below `floor` (of the clip level) count as that: 1e-5, or 1/255, which hides what no photograph shows.
  explicit LogRmse(double floor = 1e-5) : floor_(floor) {}

  /// f32 pictures [..., 3] of one shape on the CPU, scene-linear, 1.0 = clip level. Clipped are the pixels whose
  /// largest channel of the truth is above 1. Throws internal otherwise.
  void add(const Tensor& estimate, const Tensor& truth);
  /// Clipped are the pixels where the u8 mask [..., 1] is not 0.
  void add(const Tensor& estimate, const Tensor& truth, const Tensor& clipped);

  // sqrt(mean of (log10 max(a, floor) - log10 max(b, floor))^2); 0 without any pixel.
  double all() const { return root_mean(clipped_ + unclipped_); }
  double clipped() const { return root_mean(clipped_); }
  double unclipped() const { return root_mean(unclipped_); }
  /// Over every pixel, after the mean difference was taken off: what no constant gain mends.
  double without_offset() const;
  std::int64_t pixels() const { return clipped_.pixels + unclipped_.pixels; }
  std::int64_t clipped_pixels() const { return clipped_.pixels; }

 private:
  struct Sums {
    std::int64_t pixels = 0;
    double square = 0, difference = 0;
    Sums operator+(const Sums& other) const {
      return {pixels + other.pixels, square + other.square, difference + other.difference};
    }
  };
  static double root_mean(const Sums& sums);

  double floor_;
  Sums clipped_, unclipped_;
};

}  // namespace duhdr
