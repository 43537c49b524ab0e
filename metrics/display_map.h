// SPDX-License-Identifier: Apache-2.0
// From linear light in a unit of its own to cd/m^2, before a metric of what is seen.
#pragma once

#include "tensor/tensor.h"

namespace duhdr {

constexpr double map_least = 1, map_most = 999;  // cd/m^2

/// Eq. 26 of the DuHDR paper: (x - min) / (max - min + 1e-5) * (999 - 1) + 1 over all channel values of a picture. f32
/// of any shape, at least one value.
Tensor mapped_by_extremes(const Tensor& light);

/// The base paper's: min and max are the k-th least and largest value, k = 0.1 % of their number (at least 1), and the
/// small number is 1e-8; results below 0 become 0.
Tensor mapped_by_permille(const Tensor& light);

}  // namespace duhdr
