// SPDX-License-Identifier: Apache-2.0
// View: how large a picture is made before a patch is cut out of it, so how much of it a patch shows. Serial.
#pragma once

#include <cstdint>

#include "data/dataset.h"
#include "data/draws.h"

namespace duhdr {

/// The shorter side that a picture whose shorter side is `shorter` is given, at least such that a patch fits.
/// HDR-Synth's scales: 512 s pixels, s uniform in 0.5..2; without augmentation 512, or `shorter` where that is less.
/// With `options.view`: a patch covers a share of the shorter usable side (of a panorama the used rows), drawn from
/// that range with a uniform logarithm; without augmentation the largest.
std::int64_t drawn_side(const DataOptions& options, bool panorama, std::int64_t shorter, const Philox& draws);

/// The largest that drawn_side() gives to a picture that is not smaller: what more a picture has is never seen.
std::int64_t largest_side(const DataOptions& options, bool panorama);

/// `image` [1, H, W, C] f32 so that its shorter side has `side` pixels: area average where it shrinks.
Tensor resized(const Tensor& image, std::int64_t side);

/// Of the resized image a patch: anywhere, or centred without augmentation; of a panorama from the rows that
/// used_rows() leaves. With augmentation and the probability `options.lights` it holds a pixel that was drawn by its
/// light (R + G + B): a sun or a lamp, which is a few pixels of a picture and most of its light.
Tensor patch_at(const Tensor& image, bool panorama, std::int64_t side, const DataOptions& options, const Philox& draws);

}  // namespace duhdr
