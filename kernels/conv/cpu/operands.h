// SPDX-License-Identifier: Apache-2.0
// What the CPU's ways to convolve share: tensors and epilogues as the kernels see them.
#pragma once

#include <vector>

#include "kernels/conv/backend.h"
#include "kernels/conv/cpu/kernels.h"

namespace duhdr::cpu {

inline Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
inline Index round_up(Index a, Index b) { return ceil_div(a, b) * b; }

Source source_of(const Tensor& image);  // undefined: one without channels
/// Every second pixel of an image, from (phase / 2, phase % 2) on.
Source phase_of(const Source& image, int phase);
Target phase_of(const Target& image, int phase);

/// Where the result of a convolution goes. Activations that kernels do not carry are left to finish().
Target target_of(Tensor& y, const ConvEpilogue& epilogue);
/// What target_of() left to do.
void finish(Tensor& y, const ConvEpilogue& epilogue);

/// Tiles of Winograd's algorithm that cover an image.
TileGrid grid_of(const Shape& image);
constexpr Index tile_padding = 16;  // floats between tiles and planes, so that they do not fall on the same cache sets

std::vector<ChannelBlock> blocks_of(Index channels, const ConvKernels& kernels = conv_kernels());

/// Floats of a tensor that lives as long as a computation.
inline Tensor room_for(Index floats) { return Tensor(Shape{floats}, DType::f32); }

/// Threads share jobs well when there are several for each.
Index enough_jobs();

}  // namespace duhdr::cpu
