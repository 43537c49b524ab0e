// SPDX-License-Identifier: Apache-2.0
// Rows of an evaluation that know the truth, or cheat: they show what the numbers of the others are worth.
#pragma once

#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

struct SanityRow {
  std::string_view name, title;
  /// linearised: the photograph by its camera's true curve. clipped: u8 [1, H, W, 1]. All else f32 [1, H, W, 3],
  /// linear, 1.0 = the clip level.
  Tensor (*estimate)(const Tensor& linearised, const Tensor& reference, const Tensor& clipped);
};

/// true-curve: nothing of the highlights. blind-gain: 4 times the light where it is clipped, whatever is there.
/// half-highlights: half of the true stops there, channel by channel. true-highlights: the truth there.
const std::vector<SanityRow>& sanity_rows();

/// The row against which the others are held.
constexpr std::string_view sanity_base = "true-curve";

}  // namespace duhdr
