// SPDX-License-Identifier: Apache-2.0
// Photographs with HDR images of the same scene. They are cut and turned together, never resized. H is scaled so that
// 1.0 is the photograph's clip level, by the level that the manifest states or by the photograph itself: the well
// exposed pixels, linearised by the mean inverse response, tell the ratio.
#include <algorithm>
#include <cmath>
#include <optional>

#include "base/quantile.h"
#include "data/augment.h"
#include "data/file_dataset.h"
#include "data/file_list.h"
#include "image/encode.h"
#include "image/image.h"

namespace duhdr {
namespace {

constexpr std::uint8_t darkest = 26, brightest = 204;  // codes in [0.1, 0.8] * 255: neither noise nor clipping
constexpr std::int64_t most_pixels = 1 << 18;          // looked at per image
constexpr std::int64_t least_share = 100;              // at least one pixel in 100 must be well exposed

/// The table code -> linear light of a mean inverse response [1024].
std::vector<float> linearisation(const std::vector<double>& mean_inverse_curve) {
  const auto last = static_cast<double>(mean_inverse_curve.size() - 1);
  std::vector<float> table;
  for (int code = 0; code < 256; ++code) {
    const double t = last * code / 255.0;
    const auto low = std::min(static_cast<std::size_t>(t), mean_inverse_curve.size() - 2);
    const double share = t - static_cast<double>(low);
    table.push_back(static_cast<float>((1 - share) * mean_inverse_curve[low] + share * mean_inverse_curve[low + 1]));
  }
  return table;
}

/// Median over well exposed pixels of the luminance of the linearised photograph by that of H; none: too few of them.
std::optional<float> exposure_ratio(const Tensor& codes, const Tensor& light, const std::vector<float>& linear) {
  const std::int64_t pixels = codes.numel() / 3, step = std::max<std::int64_t>(1, pixels / most_pixels);
  const std::uint8_t* code = codes.data<std::uint8_t>();
  const float* h = light.data<float>();
  std::vector<float> ratios;
  std::int64_t looked_at = 0;
  for (std::int64_t i = 0; i < pixels; i += step, ++looked_at) {
    const std::uint8_t* l = code + 3 * i;
    if (std::min({l[0], l[1], l[2]}) < darkest || std::max({l[0], l[1], l[2]}) > brightest) continue;
    const float denominator = luminance(h[3 * i], h[3 * i + 1], h[3 * i + 2]);
    const float ratio = luminance(linear[l[0]], linear[l[1]], linear[l[2]]) / denominator;
    if (denominator > 0 && std::isfinite(ratio) && ratio > 0) ratios.push_back(ratio);
  }
  if (ratios.empty() || static_cast<std::int64_t>(ratios.size()) * least_share < looked_at) return std::nullopt;
  return quantile(std::span(ratios), 0.5);
}

Picture read_pair(const std::filesystem::path& folder, const FilePair& pair, const DataOptions& options) {
  const auto refuse = [&](const std::filesystem::path& file, const auto&... reason) {
    throw Error(ExitCode::bad_image, message(shown(folder / file), ": ", reason...));
  };
  const Image photograph = read_image(folder / pair.ldr);
  if (photograph.referred != Image::Referred::display) refuse(pair.ldr, "not a photograph (", photograph.format, ")");
  const std::int64_t height = photograph.height(), width = photograph.width();
  if (width < options.patch || height < options.patch)
    refuse(pair.ldr, "too small (", width, " x ", height, ", at least ", options.patch, " x ", options.patch, ")");
  Image image = read_image(folder / pair.hdr);
  if (image.referred != Image::Referred::scene) refuse(pair.hdr, "not an HDR image (", image.format, ")");
  if (image.width() != width || image.height() != height)
    refuse(pair.hdr, "not as large as its photograph (", image.width(), " x ", image.height(), ", ", width, " x ",
           height, ")");

  Picture picture{image.pixels, codes_of(photograph.pixels)};
  auto scale = static_cast<float>(pair.clip_level > 0 ? 1.0 / pair.clip_level : 0.0);
  if (pair.clip_level <= 0) {
    DUHDR_CHECK(options.mean_inverse_curve.size() >= 2, "paired data needs the mean inverse curve");
    const auto ratio = exposure_ratio(picture.codes, picture.light, linearisation(options.mean_inverse_curve));
    if (!ratio) refuse(pair.ldr, "exposure unknown: less than 1 % of the pixels are well exposed");
    scale = *ratio;
  }
  float* value = picture.light.mutable_data<float>();
  for (std::int64_t i = 0; i < picture.light.numel(); ++i) {
    value[i] *= scale;
    if (!std::isfinite(value[i])) refuse(pair.hdr, "values too large for its exposure");
  }
  return picture;
}

class PairedDataset : public FileDataset {
 public:
  PairedDataset(const DataSource& source, const DataOptions& options, const std::vector<FilePair>& pairs,
                std::size_t alone)
      : FileDataset(source, options, pairs.size(),
                    alone == 0 ? message(pairs.size(), " pairs")
                               : message(pairs.size(), " pairs (", alone, " files without a partner)"),
                    [folder = source.folder, pairs, options](std::size_t file) {
                      return read_pair(folder, pairs[file], options);
                    }) {}

  Sample sample(std::uint64_t index) const override {
    const std::shared_ptr<const Picture> both = picture(index);
    const CropWindow window = choose_window(0, both->codes.shape().h(), both->codes.shape().w(), options_.patch,
                                            options_.augment, draws(Purpose::window, index));
    const Turn turn = options_.augment ? choose_turn(draws(Purpose::turn, index)) : Turn{};
    Sample out;
    out.pairing = Pairing::paired;
    out.ldr = values_of(turned(cropped(both->codes, window), turn));
    out.hdr = turned(cropped(both->light, window), turn);
    out.weight = exposure_weight(out.ldr);
    return out;
  }
};

}  // namespace

std::unique_ptr<Dataset> open_paired(const DataSource& source, const DataOptions& options) {
  const PairList list = list_pairs(source.folder);
  return std::make_unique<PairedDataset>(source, options, part_of(list.pairs, options.split, options.validation_share),
                                         list.alone.size());
}

}  // namespace duhdr
