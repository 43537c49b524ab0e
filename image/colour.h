// SPDX-License-Identifier: Apache-2.0
// Colour: the sRGB curve, luminance and primaries, each in this one place.
#pragma once

namespace duhdr {

constexpr float reference_white = 203;  // cd/m^2 of linear light 1.0, the clip level (ITU-R BT.2408)

/// CIE xy of the primaries and of the white point.
struct Chromaticities {
  float red_x, red_y, green_x, green_y, blue_x, blue_y, white_x, white_y;
  bool operator==(const Chromaticities&) const = default;
};

inline constexpr Chromaticities rec709{0.64f, 0.33f, 0.30f, 0.60f, 0.15f, 0.06f, 0.3127f, 0.3290f};

/// Equal to Rec. 709 within what files round to (0.002).
bool is_rec709(const Chromaticities& primaries);

/// sRGB code in [0, 1] to linear light and back (IEC 61966-2-1); both are continued below 0 and above 1.
float srgb_to_linear(float code);
float linear_to_srgb(float light);

/// Luminance of linear Rec. 709 light.
inline float luminance(float red, float green, float blue) { return 0.2126f * red + 0.7152f * green + 0.0722f * blue; }

}  // namespace duhdr
