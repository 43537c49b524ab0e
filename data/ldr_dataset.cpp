// SPDX-License-Identifier: Apache-2.0
// Photographs alone. They are cut, never resized: their noise and compression are part of what is learned.
#include "data/augment.h"
#include "data/file_dataset.h"
#include "data/file_list.h"
#include "image/encode.h"
#include "image/image.h"

namespace duhdr {
namespace {

class LdrDataset : public FileDataset {
 public:
  LdrDataset(const DataSource& source, const DataOptions& options, const std::vector<std::filesystem::path>& names)
      : FileDataset(source, options, names.size(), message(names.size(), " files"),
                    [folder = source.folder, names, patch = options.patch](std::size_t file) {
                      return Picture{{}, read_photograph(folder / names[file], patch)};
                    }) {}

  Sample sample(std::uint64_t index) const override {
    const Tensor codes = picture(index)->codes;
    const CropWindow window = choose_window(0, codes.shape().h(), codes.shape().w(), options_.patch, options_.augment,
                                            draws(Purpose::window, index));
    const Turn turn = options_.augment ? choose_turn(draws(Purpose::turn, index)) : Turn{};
    Sample out;
    out.pairing = Pairing::unpaired;
    out.ldr = values_of(turned(cropped(codes, window), turn));
    out.weight = exposure_weight(out.ldr);
    return out;
  }
};

}  // namespace

Tensor read_photograph(const std::filesystem::path& path, std::int64_t patch) {
  const Image image = read_image(path);
  if (image.referred != Image::Referred::display)
    throw Error(ExitCode::bad_image, message(shown(path), ": not a photograph (", image.format, ")"));
  if (image.width() < patch || image.height() < patch)
    throw Error(ExitCode::bad_image, message(shown(path), ": too small (", image.width(), " x ", image.height(),
                                             ", at least ", patch, " x ", patch, ")"));
  return codes_of(image.pixels);
}

std::vector<std::filesystem::path> photographs_of(const DataSource& source, const DataOptions& options) {
  const auto names = list_files(source.folder, FileKind::photograph);
  if (names.empty())
    throw Error(ExitCode::bad_image,
                message(shown(source.folder), ": no photographs (.jpg, .jpeg or .png) in this folder"));
  return part_of(names, options.split, options.validation_share);
}

std::unique_ptr<Dataset> open_ldr(const DataSource& source, const DataOptions& options) {
  return std::make_unique<LdrDataset>(source, options, photographs_of(source, options));
}

}  // namespace duhdr
