// SPDX-License-Identifier: Apache-2.0
// HDR images and the virtual camera.
#include <algorithm>

#include "data/augment.h"
#include "data/file_dataset.h"
#include "data/file_list.h"
#include "data/view.h"
#include "image/image.h"

namespace duhdr {
namespace {

/// A large image is kept shrunk by a whole factor, to no less than any draw can ask for: a cache of 1 GiB then holds
/// 170 panoramas of any size.
Picture read_light(const std::filesystem::path& path, const DataOptions& options) {
  Image image = read_image(path);
  if (image.referred != Image::Referred::scene)
    throw Error(ExitCode::bad_image, message(shown(path), ": not an HDR image (", image.format, ")"));
  const std::int64_t h = image.height(), w = image.width();
  const std::int64_t factor = std::min(h, w) / largest_side(options, is_panorama(image.pixels));
  if (factor < 2) return {image.pixels, {}};
  return {cropped_of_resized(image.pixels, h / factor, w / factor, {0, 0, h / factor, w / factor}), {}};
}

class HdrDataset : public FileDataset {
 public:
  HdrDataset(const DataSource& source, const DataOptions& options, const std::vector<std::filesystem::path>& names)
      : FileDataset(source, options, names.size(), message(names.size(), " files"),
                    [folder = source.folder, names, options](std::size_t file) {
                      return read_light(folder / names[file], options);
                    }),
        curves_(curves_of(options.split)) {}

  Sample sample(std::uint64_t index) const override {
    const Tensor image = picture(index)->light;
    const Philox window = draws(Purpose::window, index);
    const bool panorama = is_panorama(image);
    const std::int64_t shorter = std::min(image.shape().h(), image.shape().w());
    const Tensor patch = patch_at(image, panorama, drawn_side(options_, panorama, shorter, window), options_, window);
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
