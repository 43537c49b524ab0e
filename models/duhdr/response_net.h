// SPDX-License-Identifier: Apache-2.0
// ResponseNet: from an image to the response curve of the camera that took it. INnet finds the inverse curve, Nnet the
// forward one; they are two nets of one structure.
#pragma once

#include <memory>

#include "layers/conv2d.h"
#include "models/duhdr/config.h"

namespace duhdr {

/// image [N, H, W, 3] -> [N, h, w, exit_channels]
class ResponseTrunk : public Module {
 public:
  virtual Variable operator()(const Variable& image) const = 0;
  virtual std::int64_t exit_channels() const = 0;
};

class ResponseNet : public Module {
 public:
  explicit ResponseNet(const DuHdrConfig& config = {});

  /// image [N, H, W, 3] of any size -> curve [N, curve_samples], monotone from 0 to 1, f32 or better. Images longer
  /// than response_max_side are area-averaged first.
  Variable operator()(const Variable& image) const;

  /// The two halves of it: coefficients [N, k] of the curve, and the curve of coefficients.
  Variable coefficients(const Variable& image) const;
  Variable curve(const Variable& coefficients) const;

  /// The curve basis: mean [samples] and basis [samples, k], f32. Stored in the weight file.
  void set_basis(const Tensor& mean, const Tensor& basis);

 private:
  std::int64_t max_side_;
  ResponseTrunk& trunk_;
  Linear& fc_;
  Variable mean_, basis_;
};

/// Side lengths after shrinking so that the longer one is at most max_side (0 = unchanged): the shorter one is rounded
/// half up, at least 1.
struct Extent {
  std::int64_t h, w;
};
Extent response_extent(std::int64_t h, std::int64_t w, std::int64_t max_side);

}  // namespace duhdr
