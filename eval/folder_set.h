// SPDX-License-Identifier: Apache-2.0
// A set of pairs from folders that the user names, each picture with the one of its name in the other.
#pragma once

#include <filesystem>

#include "data/evaluation_set.h"

namespace duhdr {

/// The HDR images of `references`, and the photographs of `photographs` (empty: none) that have their names without the
/// extension. clip_level as in EvaluationPair, for all. The SHA-256 is over names and contents. Throws io for folders
/// that cannot be read, bad_image when there is no pair at all; what has no partner is in EvaluationSet::unpaired.
EvaluationSet folder_set(const std::filesystem::path& references, const std::filesystem::path& photographs,
                         double clip_level);

}  // namespace duhdr
