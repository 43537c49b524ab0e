// SPDX-License-Identifier: Apache-2.0
// Colour: the sRGB curve, luminance and primaries, each in this one place.
#pragma once

#include <array>
#include <string_view>

namespace duhdr {

constexpr float reference_white = 203;  // cd/m^2 of linear light 1.0, the clip level (ITU-R BT.2408)

/// CIE xy of the primaries and of the white point.
struct Chromaticities {
  double red_x, red_y, green_x, green_y, blue_x, blue_y, white_x, white_y;
  bool operator==(const Chromaticities&) const = default;
};

inline constexpr Chromaticities rec709{0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290};
inline constexpr Chromaticities rec2020{0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290};  // and Rec. 2100
inline constexpr Chromaticities display_p3{0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290};
inline constexpr Chromaticities acescg{0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767};  // ACES AP1

struct NamedPrimaries {
  std::string_view name;
  Chromaticities primaries;
};
inline constexpr std::array<NamedPrimaries, 4> named_primaries{
    {{"bt709", rec709}, {"p3", display_p3}, {"bt2020", rec2020}, {"acescg", acescg}}};

/// Equal to Rec. 709 within what files round to (0.002).
bool is_rec709(const Chromaticities& primaries);

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  // rows

Vector3 operator*(const Matrix3& matrix, const Vector3& column);
Matrix3 operator*(const Matrix3& left, const Matrix3& right);

/// Linear R G B of one set of primaries to that of another (SMPTE RP 177), white (1, 1, 1) to white: where the white
/// points differ, by Bradford's adaptation.
Matrix3 rgb_to_rgb(const Chromaticities& from, const Chromaticities& to);

/// sRGB code in [0, 1] to linear light and back (IEC 61966-2-1); both are continued below 0 and above 1.
float srgb_to_linear(float code);
float linear_to_srgb(float light);

/// Luminance of linear Rec. 709 light.
inline float luminance(float red, float green, float blue) { return 0.2126f * red + 0.7152f * green + 0.0722f * blue; }

}  // namespace duhdr
