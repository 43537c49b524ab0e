// SPDX-License-Identifier: Apache-2.0
// ColourTransform: from the colours that a picture's file states to those we compute in, by Little CMS. A build without
// that library has none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "image/colour.h"

namespace duhdr {

/// Colours stated by numbers instead of a profile.
struct StatedColours {
  Chromaticities primaries = rec709;
  double exponent = 0;  // light = code^exponent; 0: the sRGB curve
};

/// Relative colorimetric (the white stays the white), in 32-bit floats; without black point compensation, as Little CMS
/// does by itself. May be used by several threads at a time.
class ColourTransform {
 public:
  /// Whether the build has the library. Without it every function below returns nothing.
  static const bool available;

  /// To sRGB codes, not clipped, from codes in [0, 1] of the profile: three a pixel, or with `inks` four, C M Y K, of
  /// which 1 is all ink. Nothing when the profile is damaged, not one of pictures, or for another number of channels.
  static std::optional<ColourTransform> to_srgb(std::span<const std::byte> profile, bool inks = false);
  static std::optional<ColourTransform> to_srgb(const StatedColours& colours);

  /// From linear values of the profile to linear Rec. 709 light, not clipped; else the same.
  static std::optional<ColourTransform> to_light(std::span<const std::byte> profile);

  /// From linear Rec. 709 light to linear light in the primaries of the profile. Nothing when it has none, but tables.
  static std::optional<ColourTransform> to_primaries(std::span<const std::byte> profile);

  /// The profile is one of grey pictures: it reads the first channel of three.
  bool is_grey() const;

  /// Whether it moves no channel of any colour by more than a code of 8 bits, 1 / 255 (a grid of colours is tried).
  bool moves_nothing() const;

  /// [pixels, 3 or 4] to [pixels, 3]; of three channels it may be in place.
  void apply(const float* from, float* to, std::int64_t pixels) const;

  struct State;

 private:
  explicit ColourTransform(std::shared_ptr<const State> state);
  static std::optional<ColourTransform> of(std::shared_ptr<const State> state);  // nothing of none
  std::shared_ptr<const State> state_;
};

}  // namespace duhdr
