// SPDX-License-Identifier: Apache-2.0
#include "data/view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <vector>

#include "data/augment.h"

namespace duhdr {
namespace {

constexpr double reference_side = 512, least_scale = 0.5, most_scale = 2;
constexpr std::uint64_t size_draw = 2, lights_draw = 3, light_draw = 4, place_draw = 5;  // after choose_window()

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

/// A pixel [row, column] of rows [first, last), drawn with a probability that is its share of their light.
std::array<std::int64_t, 2> pixel_by_light(const Tensor& image, std::int64_t first, std::int64_t last, double draw) {
  const std::int64_t width = image.shape().w(), channels = image.shape().c();
  const float* pixels = image.data<float>();
  std::vector<double> rows;  // sums of light up to and with each row
  for (std::int64_t y = first; y < last; ++y) {
    const float* row = pixels + y * width * channels;
    rows.push_back(std::accumulate(row, row + width * channels, rows.empty() ? 0.0 : rows.back()));
  }
  const double wanted = draw * rows.back();
  const auto found = std::min(std::upper_bound(rows.begin(), rows.end(), wanted), std::prev(rows.end()));
  const std::int64_t y = first + (found - rows.begin());
  double sum = found == rows.begin() ? 0 : *std::prev(found);
  std::int64_t x = 0;
  for (const float* pixel = pixels + y * width * channels; x + 1 < width; ++x, pixel += channels) {
    sum = std::accumulate(pixel, pixel + channels, sum);
    if (sum > wanted) break;
  }
  return {y, x};
}

/// Where along an axis of `length` pixels, allowed [first, last), a patch lies that holds the pixel at `share` of it.
std::int64_t place_over(double share, std::int64_t length, std::int64_t first, std::int64_t last, std::int64_t patch,
                        std::int64_t before) {
  const auto pixel = static_cast<std::int64_t>(share * static_cast<double>(length));
  return std::clamp(pixel - before, first, last - patch);
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
  if (options.augment && draws.uniform(lights_draw) < options.lights) {
    const Shape shape = image.shape();
    const auto [top, bottom] = used_rows(panorama, shape.h());
    const auto [y, x] = pixel_by_light(image, top, bottom, draws.uniform(light_draw));
    const auto centre = [](std::int64_t at, std::int64_t length) {
      return (static_cast<double>(at) + 0.5) / static_cast<double>(length);
    };
    const CropWindow window{place_over(centre(y, shape.h()), size.height, first, last, options.patch,
                                       pick(draws, place_draw, options.patch)),
                            place_over(centre(x, shape.w()), size.width, 0, size.width, options.patch,
                                       pick(draws, place_draw + 1, options.patch)),
                            options.patch, options.patch};
    return cropped_of_resized(image, size.height, size.width, window);
  }
  return cropped_of_resized(image, size.height, size.width,
                            choose_window(first, last, size.width, options.patch, options.augment, draws));
}

}  // namespace duhdr
