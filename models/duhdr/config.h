// SPDX-License-Identifier: Apache-2.0
// The architecture options of a DuHDR model, as model.json carries them.
#pragma once

#include <array>
#include <cstdint>

namespace duhdr {

enum class Trunk : unsigned char { resnet18, crfnet };   // of the response nets
enum class Down : unsigned char { rfb, conv };           // DownBlock of OOnet
enum class Residual : unsigned char { add, gain };       // how a network changes light: a sum, or a factor 10^residual
enum class Encoder : unsigned char { vgg16, vgg16_bn };  // of ITnet: with public weights, or to learn from scratch
enum class Middle : unsigned char { ms_se, none };       // of OOnet: what adjusts the features of its bottom

struct DuHdrConfig {
  Trunk trunk = Trunk::resnet18;
  Down down = Down::rfb;
  Middle middle = Middle::ms_se;
  Residual itnet_residual = Residual::add;  // add: Eq. 15; gain: ITnet also sees the mask
  Encoder itnet_encoder = Encoder::vgg16;
  int itnet_scale = 1;                      // 2: ITnet works at half the resolution, its gain or sum is enlarged
  Residual oonet_residual = Residual::add;  // add: Eq. 23; gain: OOnet also sees light compressed
  std::int64_t curve_samples = 1024;
  std::int64_t curve_k = 11;              // basis vectors of a response curve
  double alpha = 0.95;                    // where the exposure mask begins (Eq. 15)
  int itnet_iterations = 1;               // Eq. 18-19; 1 at inference, 3 in joint training
  std::int64_t response_max_side = 1024;  // long side the response nets see; 0 = never shrink

  // Channels of each level, from full resolution down.
  std::array<std::int64_t, 5> dnet_widths{16, 32, 64, 128, 256};
  std::array<std::int64_t, 5> itnet_widths{64, 128, 256, 512, 512};
  std::array<std::int64_t, 5> oonet_widths{16, 32, 64, 128, 128};
  std::array<std::int64_t, 4> response_widths{64, 128, 256, 512};  // crfnet uses the first two, times 4 at the exits

  /// Both chains pad images to multiples of it and crop at the end: five halvings.
  std::int64_t alignment() const { return 32 * itnet_scale; }

  bool operator==(const DuHdrConfig&) const = default;
};

}  // namespace duhdr
