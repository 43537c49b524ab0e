// SPDX-License-Identifier: Apache-2.0
// HDR-VDP-3 (Mantiuk, Hammou, Hanji 2023), version 3.0.7, task "quality": how much worse than a reference does a
// picture look? Eye of 24 years, no surround. The parts of the model are in metrics/vdp/, in the order of their
// headers' steps.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace duhdr {

enum class VdpEncoding : std::uint8_t {
  rgb_native,  // primaries of the LED-LCD sRGB display that the model was measured on
  rgb_bt709,   // BT.709 primaries
  luminance,   // one channel, light of D65
};

struct HdrVdp3Options {
  double pixels_per_degree = 30;  // of visual angle; above 4, at most 1000
  VdpEncoding encoding = VdpEncoding::rgb_bt709;
  bool glare = true;        // light scattered within the eye
  bool visibility = false;  // make the map, too
};

struct HdrVdp3 {
  static constexpr std::int64_t least_side = 13;  // pixels: the pyramid's largest filter

  double q = 10;      // 10: no difference; less is worse
  double q_jod = 10;  // the same in just objectionable differences below 10
  // [1, H, W, 1] f32, 0 = invisible: (sum over bands of |D|^0.8)^(1/0.8); undefined unless asked for
  Tensor visibility;
};

/// test, reference: [1, H, W, 3] ([1, H, W, 1] for luminance) in cd/m2 on the CPU, f64 or f32. The element type is that
/// of the arithmetic; scattered light, sums over the picture and the dominant frequency of the base band are always in
/// double. The same bits for any number of threads. Throws bad_image where a side is below least_side or a value is not
/// finite, usage where the resolution is out of range, internal where shapes, types or devices do not fit.
HdrVdp3 hdr_vdp3(const Tensor& test, const Tensor& reference, const HdrVdp3Options& options = {});

}  // namespace duhdr
