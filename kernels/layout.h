// SPDX-License-Identifier: Apache-2.0
// Ops that move elements and compute nothing.
#pragma once

#include <vector>

#include "autograd/variable.h"

namespace duhdr {

/// [N, H, W, C1], [N, H, W, C2], ... -> [N, H, W, C1 + C2 + ...]; at least one source, all of one type and device
Variable concat_channels(const std::vector<Variable>& sources);

/// channels [first, first + count); [N, H, W, C] -> [N, H, W, count]
Variable slice_channels(const Variable& x, std::int64_t first, std::int64_t count);

/// Pads by reflection without repeating the edge pixel, folded back as often as needed; a side of 1 repeats its pixel.
/// [N, H, W, C] -> [N, top + H + bottom, left + W + right, C]
Variable reflect_pad(const Variable& x, std::int64_t bottom, std::int64_t right, std::int64_t top = 0,
                     std::int64_t left = 0);

/// rows [top, top + height) and columns [left, left + width); [N, H, W, C] -> [N, height, width, C]
Variable crop(const Variable& x, std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width);

/// The same elements under another shape; shares memory with x.
Variable reshape(const Variable& x, const Shape& shape);

/// Writes `part` [N, h, w, C] into `image` [N, H, W, C] with its top left pixel at (top, left). Not differentiable.
void paste(Tensor& image, std::int64_t top, std::int64_t left, const Tensor& part);

}  // namespace duhdr
