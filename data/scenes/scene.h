// SPDX-License-Identifier: Apache-2.0
// Procedural HDR scenes: training data that needs no files.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace duhdr {

/// Scene `index` of `seed`: [1, height, width, 3] f32, linear Rec. 709 relative radiance, finite, >= 0, mean about 0.5,
/// many stops of range. Skies with sun, interiors with windows and lamps, speculars on textured surfaces, night scenes
/// with light sources. The same arguments give the same bits on every machine with IEEE arithmetic.
Tensor procedural_scene(std::uint64_t seed, std::uint64_t index, std::int64_t height, std::int64_t width);

}  // namespace duhdr
