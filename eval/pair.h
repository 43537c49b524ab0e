// SPDX-License-Identifier: Apache-2.0
// One pair of an evaluation in memory: a photograph and what it should have been, in the photograph's unit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/evaluation_set.h"
#include "image/image.h"

namespace duhdr {

struct LoadedPair {
  Tensor codes;      // the photograph [1, H, W, 3] f32, codes in 0..1; undefined where there is none
  Tensor reference;  // linear light [1, H, W, 3] f32; 1.0 = the photograph's clip level
  Tensor clipped;    // u8 [1, H, W, 1], 1 where the photograph is clipped
  std::vector<std::string> warnings;
};

/// Pictures this far apart, or further, are not compared.
constexpr std::int64_t least_refused_shift = 2;  // pixels

/// Reads a pair. The reference is divided by the pair's clip level; where that is unknown, it is brought to the median
/// of the photograph's mid-tones (metrics/exposure_ratio.h), with a warning; without a photograph it stays as it is.
/// Clipped are the pixels that the photograph clips; without a photograph those whose reference is above 1.
/// Throws bad_image or io when a file cannot be used or the two do not belong together: their sizes, values that are
/// not finite, all black, shifted against each other.
LoadedPair load_pair(const EvaluationPair& pair, const ReadLimits& limits = {});

/// Linear light of a file, for a reference or a result. Throws bad_image on a picture for a display and on values that
/// are not finite or negative.
Tensor read_light(const std::filesystem::path& path, const ReadLimits& limits = {});

/// Throws bad_image when `estimate` cannot be compared with the pair's reference: another size, values that are not
/// finite or negative, or all black. `name` begins the message.
void check_estimate(const std::string& name, const Tensor& estimate, const LoadedPair& pair);

/// Throws bad_image when a picture of the reference's size lies beside it (metrics/shift.h). For what comes from
/// another program: what is made of the photograph itself lies where that does, however little it looks like the
/// reference.
void check_place(const std::string& name, const Tensor& picture, const Tensor& reference);

}  // namespace duhdr
