// SPDX-License-Identifier: Apache-2.0
#include "data/view.h"

#include <algorithm>
#include <cmath>

#include "data/augment.h"

namespace duhdr {
namespace {

constexpr double reference_side = 512, least_scale = 0.5, most_scale = 2;
constexpr std::uint64_t size_draw = 2;  // after those of choose_window()

/// The least shorter side out of which a patch can be cut.
std::int64_t least_side(bool panorama, std::int64_t patch) {
  return panorama ? (4 * (patch + 2) + 2) / 3 : patch;  // + 2: the used rows are rounded inwards
}

/// The shorter side of which a patch covers `share`.
std::int64_t side_for(const DataOptions& options, bool panorama, double share) {
  const double usable = static_cast<double>(options.patch) / share;
  return std::llround(panorama ? usable * 4 / 3 : usable);
}

struct Size {
  std::int64_t height, width;
};

/// Of `image` when its shorter side has `side` pixels.
Size size_at(const Tensor& image, std::int64_t side) {
  const std::int64_t h = image.shape().h(), w = image.shape().w(), shorter = std::min(h, w);
  const double scale = static_cast<double>(side) / static_cast<double>(shorter);
  const auto scaled = [&](std::int64_t length) {
    return length == shorter ? side : std::max(side, std::int64_t{std::llround(scale * static_cast<double>(length))});
  };
  return {scaled(h), scaled(w)};
}

}  // namespace

std::int64_t drawn_side(const DataOptions& options, bool panorama, std::int64_t shorter, const Philox& draws) {
  std::int64_t wanted = 0;
  if (options.view) {
    const auto [lo, hi] = *options.view;
    wanted = side_for(options, panorama, options.augment ? log_between(draws, size_draw, lo, hi) : hi);
  } else if (options.augment) {
    wanted = std::llround(reference_side * between(draws, size_draw, least_scale, most_scale));
  } else {
    wanted = std::min(shorter, std::int64_t{std::llround(reference_side)});
  }
  return std::max(wanted, least_side(panorama, options.patch));
}

std::int64_t largest_side(const DataOptions& options, bool panorama) {
  const std::int64_t wanted = options.view ? side_for(options, panorama, options.view->front())
                                           : std::int64_t{std::llround(most_scale * reference_side)};
  return std::max(wanted, least_side(panorama, options.patch));
}

Tensor resized(const Tensor& image, std::int64_t side) {
  const Size size = size_at(image, side);
  return cropped_of_resized(image, size.height, size.width, {0, 0, size.height, size.width});
}

Tensor patch_at(const Tensor& image, bool panorama, std::int64_t side, const DataOptions& options,
                const Philox& draws) {
  const Size size = size_at(image, side);
  const auto [first, last] = used_rows(panorama, size.height);
  return cropped_of_resized(image, size.height, size.width,
                            choose_window(first, last, size.width, options.patch, options.augment, draws));
}

}  // namespace duhdr
