// SPDX-License-Identifier: Apache-2.0
// Photographs as pseudo-truth: what the sRGB curve makes of them stands in for scene light where they do not clip, and
// the virtual camera takes photographs of it. Shrunk at least by two, they lose the traces of their own compression.
#include <algorithm>
#include <array>

#include "data/augment.h"
#include "data/file_dataset.h"
#include "data/view.h"
#include "image/colour.h"

namespace duhdr {
namespace {

constexpr std::int64_t least_shrinking = 2;
constexpr std::uint8_t clipped_code = 254;
constexpr double most_clipped = 0.001;    // of a window's pixels
constexpr std::uint64_t most_tries = 16;  // to find a window with fewer

/// [1, h, w, 4]: light by the sRGB curve, and 1 where a channel clips: its mean over an area is the share of such
/// pixels, however the picture is resized.
Tensor decoded(const Tensor& codes) {
  std::array<float, 256> light{};
  for (std::size_t code = 0; code < light.size(); ++code) light[code] = srgb_to_linear(static_cast<float>(code) / 255);
  Tensor out(codes.shape().with(3, 4), DType::f32);
  const std::uint8_t* rgb = codes.data<std::uint8_t>();
  float* to = out.mutable_data<float>();
  for (std::int64_t i = 0; i < codes.numel(); i += 3, rgb += 3, to += 4) {
    for (int c = 0; c < 3; ++c) to[c] = light[rgb[c]];
    to[3] = std::max({rgb[0], rgb[1], rgb[2]}) >= clipped_code ? 1.0f : 0.0f;
  }
  return out;
}

/// The photograph shrunk by a whole factor of two or more, to no less than any draw can ask for; one that would be too
/// small for a patch then is shrunk to the patch.
Picture read_pseudo(const std::filesystem::path& path, const DataOptions& options) {
  const Tensor codes = read_photograph(path, options.patch);
  const std::int64_t shorter = std::min(codes.shape().h(), codes.shape().w());
  const std::int64_t factor = std::max(least_shrinking, shorter / largest_side(options, false));
  return {resized(decoded(codes), std::max(options.patch, shorter / factor)), {}};
}

/// The light of a patch of four channels, and the mean of the fourth.
std::pair<Tensor, double> separated(const Tensor& patch) {
  Tensor light(patch.shape().with(3, 3), DType::f32);
  const float* from = patch.data<float>();
  float* to = light.mutable_data<float>();
  double clipped = 0;
  for (std::int64_t i = 0; i < light.numel(); i += 3, from += 4, to += 3) {
    std::copy_n(from, 3, to);
    clipped += from[3];
  }
  return {light, clipped / static_cast<double>(light.numel() / 3)};
}

class PseudoDataset : public FileDataset {
 public:
  PseudoDataset(const DataSource& source, const DataOptions& options, const std::vector<std::filesystem::path>& names)
      : FileDataset(source, options, names.size(), message(names.size(), " files"),
                    [folder = source.folder, names, options](std::size_t file) {
                      return read_pseudo(folder / names[file], options);
                    }),
        curves_(curves_of(options.split)) {}

  Sample sample(std::uint64_t index) const override {
    const auto [light, clipped] = unclipped_patch(picture(index)->light, index);
    const Turn turn = options_.augment ? choose_turn(draws(Purpose::turn, index)) : Turn{};
    Sample out = photograph(turned(light, turn), curves_, options_.camera, draws(Purpose::camera, index));
    if (clipped > most_clipped) out.weight = 0;
    return out;
  }

 private:
  /// The first window of those drawn that clips as little as it must, or the last; and how much of it clips.
  std::pair<Tensor, double> unclipped_patch(const Tensor& image, std::uint64_t index) const {
    const std::int64_t shorter = std::min(image.shape().h(), image.shape().w());
    for (std::uint64_t attempt = 0;; ++attempt) {
      const Philox window = draws(Purpose::pseudo_window, most_tries * index + attempt);
      const std::int64_t side = std::min(shorter, drawn_side(options_, false, shorter, window));
      auto found = separated(patch_at(image, false, side, options_, window));
      if (found.second <= most_clipped || attempt + 1 == most_tries) return found;
    }
  }

  const CameraCurves& curves_;
};

}  // namespace

std::unique_ptr<Dataset> open_pseudo(const DataSource& source, const DataOptions& options) {
  return std::make_unique<PseudoDataset>(source, options, photographs_of(source, options));
}

}  // namespace duhdr
