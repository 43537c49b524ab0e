// SPDX-License-Identifier: Apache-2.0
// The pre-op of the response networks (INnet, Nnet): what an image tells about the curve it was taken with.
#pragma once

#include "autograd/variable.h"

namespace duhdr {

inline constexpr int response_feature_channels = 102;
inline constexpr int first_sobel_channel = 3, sobel_channels = 6;  // what comes after them are the histograms

/// x [N, H, W, 3] -> [N, H, W, 102]: with x clamped to [0, 1] first (the gradient passes on the bounds), the image (3),
/// sobel (6) and soft_histogram of 4, 8 and 16 bins (15 + 27 + 51), each pixel written in one pass.
Variable response_features(const Variable& x);

/// The gradient of x from that of its features.
Tensor response_features_adjoint(const Tensor& x, const Tensor& gradient);

}  // namespace duhdr
