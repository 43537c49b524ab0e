// SPDX-License-Identifier: Apache-2.0
#include "data/evaluation_camera.h"

#include <algorithm>
#include <cmath>

#include "data/augment.h"
#include "data/draws.h"
#include "data/exposure.h"
#include "image/encode.h"

namespace duhdr {
namespace {

/// Counter values of a photograph's draws, beside those of the virtual camera, which has a stream of its own.
enum Counter : std::uint64_t { quality, curve };  // from `curve` on: one for each attempt
constexpr std::uint64_t most_curves = 32;

/// The camera that clips at the quantile. It does not compress: evaluation_picture() does, and keeps the bytes.
CameraOptions camera_of(const Tensor& view, std::int64_t percent, const EvaluationOptions& options,
                        const std::string& shown_name) {
  CameraOptions camera;
  camera.clip_level = clip_level(view, static_cast<double>(percent) / 100);
  if (!(camera.clip_level > 0))
    throw Error(ExitCode::bad_image, message(shown_name, ": black in ", 100 - percent, " % of its pixels or more"));
  camera.signal_noise = options.signal_noise;
  camera.constant_noise = options.constant_noise;
  camera.jpeg_lo = camera.jpeg_hi = 0;
  return camera;
}

void check_share(double clipped, std::int64_t percent, const std::string& shown_name) {
  const double wanted = static_cast<double>(percent) / 100;
  if (std::abs(clipped - wanted) <= 0.1 * wanted) return;
  throw Error(ExitCode::bad_image,
              message(shown_name, ": no exposure clips ", percent, " % of its pixels (the nearest clips ",
                      100 * clipped, " %); too many are equally bright, or it is too small"));
}

}  // namespace

Tensor evaluation_view(const Tensor& image, const EvaluationOptions& options) {
  const std::int64_t h = image.shape().h(), w = image.shape().w();
  const bool panorama = is_panorama(image);
  const auto rows = [&](std::int64_t height) {
    const auto [first, last] = used_rows(panorama, height);
    return last - first;
  };
  if (options.width == 0) return cropped(image, {used_rows(panorama, h).first, 0, rows(h), w});
  const double scale =
      std::max(static_cast<double>(options.width) / static_cast<double>(w),
               static_cast<double>(options.height) / static_cast<double>(std::max<std::int64_t>(1, rows(h))));
  const std::int64_t width = std::max(options.width, std::int64_t{std::llround(scale * static_cast<double>(w))});
  std::int64_t height = std::llround(scale * static_cast<double>(h));
  while (rows(height) < options.height) ++height;  // what rounding took away
  const std::int64_t top = used_rows(panorama, height).first + (rows(height) - options.height) / 2;
  return cropped_of_resized(image, height, width, {top, (width - options.width) / 2, options.height, options.width});
}

EvaluationPicture evaluation_picture(const Tensor& view, std::int64_t percent, std::uint64_t scene,
                                     const EvaluationOptions& options, const std::string& shown_name) {
  DUHDR_CHECK(percent >= 1 && percent < 100, percent, " %");
  const std::uint64_t index = 100 * scene + static_cast<std::uint64_t>(percent);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  const Philox draws = draws_for(seed, Purpose::evaluation, index);
  const Philox camera_draws = draws_for(seed, Purpose::camera, index);
  const CameraOptions camera = camera_of(view, percent, options, shown_name);
  CameraOptions noiseless = camera;
  noiseless.signal_noise = noiseless.constant_noise = 0;

  const CameraCurves& curves = evaluation_curves();
  EvaluationPicture out;
  out.reference = photograph(view, curves, noiseless, camera_draws).hdr;
  out.exposure = 1 / camera.clip_level;
  out.clipped = clipped_share(out.reference);
  check_share(out.clipped, percent, shown_name);
  out.quality = options.quality_lo + pick(draws, quality, options.quality_hi - options.quality_lo + 1);
  for (std::uint64_t attempt = 0; attempt < most_curves; ++attempt) {
    out.curve =
        static_cast<std::size_t>(pick(draws, curve + attempt, static_cast<std::int64_t>(curves.forward.size())));
    const CameraCurves chosen{{curves.forward[out.curve]}, {curves.inverse[out.curve]}};
    const Sample taken = photograph(view, chosen, camera, camera_draws);
    if (taken.weight == 0) continue;
    out.jpeg = encode_jpeg(codes_of(taken.ldr), static_cast<int>(out.quality));
    return out;
  }
  throw Error(ExitCode::bad_image,
              message(shown_name, ": over- or under-exposed in more than half of its pixels when ", percent,
                      " % are clipped, by every camera that was tried (", most_curves, ")"));
}

}  // namespace duhdr
