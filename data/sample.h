// SPDX-License-Identifier: Apache-2.0
// What training learns from: samples and batches. Every image is f32 on the CPU, linear or encoded R G B.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace duhdr {

/// Where the HDR side of a sample comes from.
///   synthesised: an HDR scene and the virtual camera; the whole imaging process is known
///   paired:      a photograph and an HDR image of the same scene
///   unpaired:    a photograph alone
enum class Pairing { synthesised, paired, unpaired };

struct Sample {
  Pairing pairing = Pairing::synthesised;
  Tensor ldr;            // L [1, h, w, 3]: multiples of 1/255
  Tensor encoded;        // I_n [1, h, w, 3], before quantisation and compression; synthesised only
  Tensor clipped;        // I_clip = min(1, H) [1, h, w, 3]; synthesised only
  Tensor hdr;            // H [1, h, w, 3], 1.0 = clip level; undefined when unpaired
  Tensor inverse_curve;  // [1, 1024]: encoded -> clipped, the camera's true inverse response; synthesised only
  float weight = 1;      // 0: dropped, most of it is over- or under-exposed, or its pseudo-truth clips
};

/// Samples first .. first + size - 1, stacked along N. What no sample has is undefined.
struct Batch {
  std::uint64_t first = 0;
  Pairing pairing = Pairing::synthesised;
  Tensor ldr, encoded, clipped, hdr, inverse_curve;
  Tensor weight;          // [N, 1, 1, 1]
  std::int64_t kept = 0;  // samples whose weight is not 0

  std::int64_t size() const { return ldr.shape().n(); }
};

/// All samples must have this pairing, the same fields and the same sizes.
Batch stack(std::uint64_t first, Pairing pairing, const std::vector<Sample>& samples);

}  // namespace duhdr
