// SPDX-License-Identifier: Apache-2.0
// The colour transforms by Little CMS.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include <lcms2.h>

#include "image/colour_transform.h"
#include "tensor/parallel.h"

namespace duhdr {
namespace {

/// Deletes what the library hands out as plain pointers.
template <auto release>
struct Releases {
  void operator()(void* object) const { release(object); }
};
struct ReleasesCurve {
  void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};
struct ReleasesContext {
  void operator()(std::remove_pointer_t<cmsContext>* context) const { cmsDeleteContext(context); }
};
using Context = std::unique_ptr<std::remove_pointer_t<cmsContext>, ReleasesContext>;
using Profile = std::unique_ptr<void, Releases<cmsCloseProfile>>;
using Transform = std::unique_ptr<void, Releases<cmsDeleteTransform>>;
using Curve = std::unique_ptr<cmsToneCurve, ReleasesCurve>;

constexpr std::int64_t least_range = 8192;  // pixels for a thread

// Floats as the library describes them: grey is the first of three channels, and inks are percentages.
constexpr cmsUInt32Number rgb_floats = TYPE_RGB_FLT,
                          grey_floats =
                              FLOAT_SH(1) | COLORSPACE_SH(PT_GRAY) | CHANNELS_SH(1) | EXTRA_SH(2) | BYTES_SH(4),
                          ink_floats = TYPE_CMYK_FLT;
constexpr float percent = 100;

Context new_context() { return Context(cmsCreateContext(nullptr, nullptr)); }

/// The curve x^exponent, or, for 0, that of sRGB.
Curve curve_of(cmsContext context, double exponent) {
  const std::array<double, 5> srgb{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  return Curve(exponent == 0 ? cmsBuildParametricToneCurve(context, 4, srgb.data())
                             : cmsBuildParametricToneCurve(context, 1, &exponent));
}

Profile rgb_profile(cmsContext context, const Chromaticities& primaries, double exponent) {
  const Curve curve = curve_of(context, exponent);
  if (!curve) return nullptr;
  const cmsCIExyY white{static_cast<double>(primaries.white_x), static_cast<double>(primaries.white_y), 1};
  const cmsCIExyYTRIPLE xy{{static_cast<double>(primaries.red_x), static_cast<double>(primaries.red_y), 1},
                           {static_cast<double>(primaries.green_x), static_cast<double>(primaries.green_y), 1},
                           {static_cast<double>(primaries.blue_x), static_cast<double>(primaries.blue_y), 1}};
  cmsToneCurve* curves[] = {curve.get(), curve.get(), curve.get()};
  return Profile(cmsCreateRGBProfileTHR(context, &white, &xy, curves));
}

/// The profile of a picture file; null when it is damaged or of no picture.
Profile picture_profile(cmsContext context, std::span<const std::byte> bytes) {
  if (bytes.size() > std::numeric_limits<cmsUInt32Number>::max()) return nullptr;
  Profile profile(cmsOpenProfileFromMemTHR(context, bytes.data(), static_cast<cmsUInt32Number>(bytes.size())));
  if (!profile) return nullptr;
  const cmsProfileClassSignature kind = cmsGetDeviceClass(profile.get());
  const bool is_picture = kind == cmsSigInputClass || kind == cmsSigDisplayClass || kind == cmsSigOutputClass ||
                          kind == cmsSigColorSpaceClass;
  return is_picture ? std::move(profile) : nullptr;
}

/// The profile's primaries with light instead of codes; null when it has none.
Profile linear_twin(cmsContext context, cmsHPROFILE profile) {
  constexpr cmsTagSignature colorants[] = {cmsSigRedColorantTag, cmsSigGreenColorantTag, cmsSigBlueColorantTag},
                            curves[] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
  const Curve line = curve_of(context, 1);
  Profile twin(cmsCreateProfilePlaceholder(context));
  if (!line || !twin || cmsGetColorSpace(profile) != cmsSigRgbData || !cmsIsMatrixShaper(profile)) return nullptr;
  cmsSetProfileVersion(twin.get(), 4.3);
  cmsSetDeviceClass(twin.get(), cmsSigDisplayClass);
  cmsSetColorSpace(twin.get(), cmsSigRgbData);
  cmsSetPCS(twin.get(), cmsSigXYZData);
  for (int c = 0; c < 3; ++c) {
    const void* colorant = cmsReadTag(profile, colorants[c]);
    if (colorant == nullptr || !cmsWriteTag(twin.get(), colorants[c], colorant) ||
        !cmsWriteTag(twin.get(), curves[c], line.get()))
      return nullptr;
  }
  return twin;
}

}  // namespace

struct ColourTransform::State {
  Context context;  // is let go last
  Transform transform;
  cmsUInt32Number input = rgb_floats;

  int channels() const { return input == ink_floats ? 4 : 3; }

  static std::shared_ptr<const State> between(Context context, const Profile& from, cmsUInt32Number input,
                                              const Profile& to) {
    if (!from || !to) return nullptr;
    Transform transform(cmsCreateTransformTHR(context.get(), from.get(), input, to.get(), rgb_floats,
                                              INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOCACHE));
    if (!transform) return nullptr;
    auto state = std::make_shared<State>();
    state->context = std::move(context);
    state->transform = std::move(transform);
    state->input = input;
    return state;
  }

  /// From codes of the profile to Rec. 709 with the curve of this exponent.
  static std::shared_ptr<const State> from_profile(std::span<const std::byte> bytes, bool inks, double exponent) {
    Context context = new_context();
    const Profile profile = context ? picture_profile(context.get(), bytes) : nullptr;
    if (!profile) return nullptr;
    const cmsColorSpaceSignature space = cmsGetColorSpace(profile.get());
    const bool grey = space == cmsSigGrayData;
    if (inks ? space != cmsSigCmykData : !grey && space != cmsSigRgbData) return nullptr;
    const Profile target = rgb_profile(context.get(), rec709, exponent);
    return between(std::move(context), profile, inks ? ink_floats : grey ? grey_floats : rgb_floats, target);
  }
};

const bool ColourTransform::available = true;

ColourTransform::ColourTransform(std::shared_ptr<const State> state) : state_(std::move(state)) {}

std::optional<ColourTransform> ColourTransform::of(std::shared_ptr<const State> state) {
  if (!state) return std::nullopt;
  return ColourTransform(std::move(state));
}

std::optional<ColourTransform> ColourTransform::to_srgb(std::span<const std::byte> profile, bool inks) {
  return of(State::from_profile(profile, inks, 0));
}

std::optional<ColourTransform> ColourTransform::to_light(std::span<const std::byte> profile) {
  return of(State::from_profile(profile, false, 1));
}

std::optional<ColourTransform> ColourTransform::to_srgb(const StatedColours& colours) {
  Context context = new_context();
  if (!context) return std::nullopt;
  const Profile from = rgb_profile(context.get(), colours.primaries, colours.exponent),
                to = rgb_profile(context.get(), rec709, 0);
  return of(State::between(std::move(context), from, rgb_floats, to));
}

std::optional<ColourTransform> ColourTransform::to_primaries(std::span<const std::byte> profile) {
  Context context = new_context();
  const Profile found = context ? picture_profile(context.get(), profile) : nullptr;
  if (!found) return std::nullopt;
  const Profile from = rgb_profile(context.get(), rec709, 1), to = linear_twin(context.get(), found.get());
  return of(State::between(std::move(context), from, rgb_floats, to));
}

bool ColourTransform::is_grey() const { return state_->input == grey_floats; }

bool ColourTransform::moves_nothing() const {
  constexpr int steps = 8, greys = 256;
  constexpr float code = 1.0f / 255.0f;
  if (state_->channels() != 3) return false;
  std::vector<float> colours;
  for (int i = 0; i < greys; ++i) colours.insert(colours.end(), 3, static_cast<float>(i) / (greys - 1));
  for (int i = 0; !is_grey() && i < (steps + 1) * (steps + 1) * (steps + 1); ++i)
    for (const int c : {i / (steps + 1) / (steps + 1), i / (steps + 1) % (steps + 1), i % (steps + 1)})
      colours.push_back(static_cast<float>(c) / steps);
  std::vector<float> moved(colours.size());
  apply(colours.data(), moved.data(), static_cast<std::int64_t>(colours.size()) / 3);
  return std::equal(colours.begin(), colours.end(), moved.begin(),
                    [](float a, float b) { return std::abs(a - b) <= code; });
}

void ColourTransform::apply(const float* from, float* to, std::int64_t pixels) const {
  const int channels = state_->channels();
  parallel_range(pixels, least_range, [&](std::int64_t begin, std::int64_t end) {
    constexpr std::int64_t at_once = 4096;
    std::vector<float> inks(channels == 4 ? at_once * 4 : 0);
    for (std::int64_t i = begin; i < end; i += at_once) {
      const std::int64_t count = std::min(at_once, end - i);
      const float* source = from + i * channels;
      if (channels == 4) {
        std::transform(source, source + count * 4, inks.begin(), [](float ink) { return ink * percent; });
        source = inks.data();
      }
      cmsDoTransform(state_->transform.get(), source, to + 3 * i, static_cast<cmsUInt32Number>(count));
    }
  });
}

}  // namespace duhdr
