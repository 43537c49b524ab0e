// SPDX-License-Identifier: Apache-2.0
// AVIF, by libavif where the build has found it.
#pragma once

#include <string_view>

#include "base/file.h"
#include "image/metadata.h"
#include "image/pq_picture.h"

namespace duhdr {

/// Why this build cannot write AVIF, and what its files lack; empty where it can, and where they lack nothing.
std::string_view avif_unavailable();
std::string_view avif_shortcoming();

/// AV1 still picture of 10 or 12 bits, 4:4:4, full range, nclx 9/16/9 (Rec. 2020, PQ, non-constant luminance), with the
/// light levels where libavif is 1.0 or later. quality 1..100; at 100 the codes of Y Cb Cr are kept as they are, and R
/// G B up to their rounding. The metadata go along. Throws usage where avif_unavailable(), out_of_memory when the
/// encoder cannot get it, and internal when it fails otherwise.
Bytes encode_avif(const PqPicture& picture, int quality, const Metadata& metadata = {});

}  // namespace duhdr
