// SPDX-License-Identifier: Apache-2.0
// HDR images and the virtual camera. Sizes are those of HDR-Synth: the shorter side is brought to 512 * s pixels, s
// uniform in 0.5..2, and a patch is cut out of that. The result is never too small for the patch.
#include <algorithm>
#include <cmath>

#include "data/augment.h"
#include "data/file_dataset.h"
#include "data/file_list.h"
#include "image/image.h"

namespace duhdr {
namespace {

constexpr double reference_side = 512, least_scale = 0.5, most_scale = 2;

/// The least shorter side from which a patch can be cut.
std::int64_t least_side(const Tensor& image, std::int64_t patch) {
  return is_panorama(image) ? (4 * (patch + 2) + 2) / 3 : patch;  // + 2: the used rows are rounded inwards
}

/// `image` so that its shorter side has `side` pixels, and of that a patch.
Tensor patch_at(const Tensor& image, std::int64_t side, std::int64_t patch, bool random, const Philox& draws) {
  const std::int64_t h = image.shape().h(), w = image.shape().w(), shorter = std::min(h, w);
  const double scale = static_cast<double>(side) / static_cast<double>(shorter);
  const std::int64_t height =
      h == shorter ? side : std::max(patch, std::int64_t{std::llround(scale * static_cast<double>(h))});
  const std::int64_t width =
      w == shorter ? side : std::max(patch, std::int64_t{std::llround(scale * static_cast<double>(w))});
  const auto [first, last] = used_rows(is_panorama(image), height);
  return cropped_of_resized(image, height, width, choose_window(first, last, width, patch, random, draws));
}

/// A large image is kept shrunk by a whole factor, to no less than any scale can ask for: a cache of 1 GiB then holds
/// 170 panoramas of any size.
Picture read_light(const std::filesystem::path& path, std::int64_t patch) {
  Image image = read_image(path);
  if (image.referred != Image::Referred::scene)
    throw Error(ExitCode::bad_image, message(shown(path), ": not an HDR image (", image.format, ")"));
  const std::int64_t h = image.height(), w = image.width();
  const std::int64_t needed =
      std::max(std::int64_t{std::llround(most_scale * reference_side)}, least_side(image.pixels, patch));
  const std::int64_t factor = std::min(h, w) / needed;
  if (factor < 2) return {image.pixels, {}};
  return {cropped_of_resized(image.pixels, h / factor, w / factor, {0, 0, h / factor, w / factor}), {}};
}

class HdrDataset : public FileDataset {
 public:
  HdrDataset(const DataSource& source, const DataOptions& options, const std::vector<std::filesystem::path>& names)
      : FileDataset(source, options, names.size(), message(names.size(), " files"),
                    [folder = source.folder, names, patch = options.patch](std::size_t file) {
                      return read_light(folder / names[file], patch);
                    }),
        curves_(curves_of(options.split)) {}

  Sample sample(std::uint64_t index) const override {
    const Tensor image = picture(index)->light;
    const Philox window = draws(Purpose::window, index);
    const std::int64_t shorter = std::min(image.shape().h(), image.shape().w());
    const double scale = least_scale + (most_scale - least_scale) * window.uniform(2);
    const std::int64_t wanted = options_.augment ? std::llround(reference_side * scale)
                                                 : std::min(shorter, std::int64_t{std::llround(reference_side)});
    const std::int64_t side = std::max(wanted, least_side(image, options_.patch));
    const Tensor patch = patch_at(image, side, options_.patch, options_.augment, window);
    const Turn turn = options_.augment ? choose_turn(draws(Purpose::turn, index)) : Turn{};
    return photograph(turned(patch, turn), curves_, options_.camera, draws(Purpose::camera, index));
  }

 private:
  const CameraCurves& curves_;
};

}  // namespace

std::unique_ptr<Dataset> open_hdr(const DataSource& source, const DataOptions& options) {
  const auto names = list_files(source.folder, FileKind::hdr);
  if (names.empty())
    throw Error(ExitCode::bad_image,
                message(shown(source.folder), ": no HDR images (.exr, .hdr or .pfm) in this folder"));
  return std::make_unique<HdrDataset>(source, options, part_of(names, options.split, options.validation_share));
}

}  // namespace duhdr
