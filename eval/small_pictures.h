// SPDX-License-Identifier: Apache-2.0
// The small pictures of a row: what a report shows of it.
#pragma once

#include "eval/metrics.h"
#include "eval/row_store.h"

namespace duhdr {

constexpr std::int64_t largest_small_side = 320;  // pixels

/// Means over areas, in linear light. The error is |log2 of estimated by true luminance| of every pixel, in stops;
/// luminance below 1/4096 of the clip level counts as that. codes: undefined where there is no photograph.
void add_small_pictures(Row& row, const Compared& compared, const Tensor& codes);

}  // namespace duhdr
