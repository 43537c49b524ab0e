// SPDX-License-Identifier: Apache-2.0
#include "apps/picture_facts.h"

#include "metrics/clipped_share.h"
#include "metrics/dynamic_range.h"

namespace duhdr {

PictureFacts facts_of(const Image& image, double clip_level) {
  const bool display = image.referred == Image::Referred::display;
  const double level = display ? 249.0 / 255 : clip_level > 0 ? clip_level : clip_level_at_0_ev(image.pixels);
  return {image.format, image.width(), image.height(), dynamic_range(image.pixels), clipped_share(image.pixels, level)};
}

Image read_whole(const std::filesystem::path& path, Image::Referred wanted) {
  Image image = read_image(path);
  if (image.referred != wanted)
    throw Error(ExitCode::bad_image,
                message(shown(path), ": not ", wanted == Image::Referred::scene ? "an HDR image" : "a photograph", " (",
                        image.format, ")"));
  return image;
}

}  // namespace duhdr
