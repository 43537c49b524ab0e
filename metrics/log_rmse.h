// SPDX-License-Identifier: Apache-2.0
// log-RMSE: root mean square of log10(estimate / truth), in decades, over channel values, as the field reports it for
// single-image HDR reconstruction. Nothing is aligned first: 1.0 is the clip level on both sides.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace duhdr {

/// sqrt(mean of (log10 max(a, floor) - log10 max(b, floor))^2), summed over any number of pictures as over one.
class LogRmse {
 public:
  static constexpr double floor = 1e-5;  // of the clip level: darker values count as this

  /// f32 pictures [..., 3] of one shape on the CPU, scene-linear, 1.0 = clip level. Throws internal otherwise.
  void add(const Tensor& estimate, const Tensor& truth);

  double all() const;      // over every pixel; 0 without any
  double clipped() const;  // over the pixels whose largest channel of the truth is above 1; 0 without any
  std::int64_t pixels() const { return pixels_; }
  std::int64_t clipped_pixels() const { return clipped_pixels_; }

 private:
  double all_ = 0, clipped_ = 0;  // sums of squares
  std::int64_t pixels_ = 0, clipped_pixels_ = 0;
};

}  // namespace duhdr
