// SPDX-License-Identifier: Apache-2.0
#include "eval/pair.h"

#include <algorithm>
#include <cmath>

#include "metrics/clipped_mask.h"
#include "metrics/exposure_ratio.h"
#include "metrics/scale_fit.h"
#include "metrics/shift.h"

namespace duhdr {
namespace {

template <class... Parts>
[[noreturn]] void refuse(const std::string& name, const Parts&... reason) {
  throw Error(ExitCode::bad_image, message(name, ": ", reason...));
}

std::string size_of(const Tensor& picture) { return message(picture.shape().w(), "x", picture.shape().h()); }

void check_light(const std::string& name, const Tensor& light) {
  const float* value = light.data<float>();
  float most = 0;
  for (std::int64_t i = 0; i < light.numel(); ++i) {
    if (!std::isfinite(value[i]) || value[i] < 0)
      refuse(name, "value ", i, " is ", value[i], " (finite and at least 0 allowed)");
    most = std::max(most, value[i]);
  }
  if (most == 0) refuse(name, "all black");
}

}  // namespace

Tensor read_light(const std::filesystem::path& path, const ReadLimits& limits) {
  const Image image = read_image(path, limits);
  if (image.referred != Image::Referred::scene) refuse(shown(path), "is not linear light (", image.format, ")");
  if (image.replaced > 0) refuse(shown(path), image.replaced, " values are not finite or negative");
  return image.pixels;
}

LoadedPair load_pair(const EvaluationPair& pair, const ReadLimits& limits) {
  LoadedPair loaded;
  loaded.reference = read_light(pair.hdr, limits);
  check_light(shown(pair.hdr), loaded.reference);
  double clip_level = pair.clip_level;
  if (!pair.ldr.empty()) {
    const Image photograph = read_image(pair.ldr, limits);
    if (photograph.referred != Image::Referred::display) refuse(shown(pair.ldr), "is not a photograph");
    loaded.codes = photograph.pixels;
    loaded.warnings = photograph.warnings;
    if (loaded.codes.shape() != loaded.reference.shape())
      refuse(shown(pair.ldr), "the sizes of the pair differ (", size_of(loaded.codes), ", the reference ",
             size_of(loaded.reference), ")");
    check_light(shown(pair.ldr), loaded.codes);
    check_place(shown(pair.ldr), loaded.codes, loaded.reference);
    if (clip_level <= 0) {
      const std::optional<double> ratio = exposure_ratio(loaded.codes, loaded.reference);
      if (!ratio || *ratio <= 0) refuse(shown(pair.ldr), "no mid-tones that tell the reference's exposure");
      clip_level = 1 / *ratio;
      loaded.warnings.push_back(
          message("clip level of the reference unknown; taken as ", clip_level, " from the mid-tones"));
    }
  }
  if (clip_level > 0 && clip_level != 1) loaded.reference = scaled(loaded.reference, 1 / clip_level);
  loaded.clipped = loaded.codes.defined() ? clipped_codes(loaded.codes) : clipped_light(loaded.reference);
  return loaded;
}

void check_estimate(const std::string& name, const Tensor& estimate, const LoadedPair& pair) {
  if (estimate.shape() != pair.reference.shape())
    refuse(name, "its size differs (", size_of(estimate), ", the reference ", size_of(pair.reference), ")");
  check_light(name, estimate);
}

void check_place(const std::string& name, const Tensor& picture, const Tensor& reference) {
  const Shift shift = shift_between(picture, reference);
  if (std::max(std::abs(shift.x), std::abs(shift.y)) >= least_refused_shift)
    refuse(name, "shifted against the reference (by ", shift.x, " to the right and ", shift.y, " down; less than ",
           least_refused_shift, " pixels allowed)");
}

}  // namespace duhdr
