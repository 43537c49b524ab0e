// SPDX-License-Identifier: Apache-2.0
// How much of a picture a patch shows.
#include "data/view.h"

#include <array>
#include <cmath>

#include "tests/support/data_files.h"

namespace duhdr {
namespace {

DataOptions viewing(double lo, double hi, std::int64_t patch) {
  DataOptions options = noiseless();
  options.patch = patch;
  options.view = {lo, hi};
  return options;
}

TEST(View, DrawsTheShareByItsLogarithm) {
  for (const bool panorama : {false, true}) {
    const DataOptions options = viewing(0.125, 1, 256);
    std::vector<double> places;
    for (std::uint64_t i = 0; i < 500; ++i) {
      const std::int64_t side = drawn_side(options, panorama, 100, draws_for(1, Purpose::window, i));
      EXPECT_LE(side, largest_side(options, panorama));
      const double share = 256.0 / (static_cast<double>(side) * (panorama ? 0.75 : 1));
      EXPECT_LE(share, 1);
      places.push_back(std::log2(share / 0.125) / 3);
    }
    std::sort(places.begin(), places.end());
    for (std::size_t i = 0; i < places.size(); ++i)  // Kolmogorov-Smirnov at 1e-3
      ASSERT_NEAR(places[i], (static_cast<double>(i) + 0.5) / 500, 1.95 / std::sqrt(500.0)) << panorama;
    EXPECT_LT(std::abs(places.back() - 1), 0.02);
  }
}

TEST(View, NoDrawIsBeyondTheLargestSide) {
  for (const std::int64_t patch : {32, 300, 1500})
    for (const bool panorama : {false, true})
      for (const double least : {0.0, 0.05, 1.0}) {
        DataOptions options = viewing(least, 1, patch);
        if (least == 0) options.view.reset();
        std::int64_t most = 0;
        for (std::uint64_t i = 0; i < 400; ++i)
          most = std::max(most, drawn_side(options, panorama, 5000, draws_for(1, Purpose::window, i)));
        EXPECT_LE(most, largest_side(options, panorama));
        EXPECT_GE(static_cast<double>(most), 0.95 * static_cast<double>(largest_side(options, panorama)));
      }
}

/// Radiance rises linearly from top to bottom: it tells the row.
Tensor rows(std::int64_t height, std::int64_t width) {
  Tensor out({1, height, width, 3}, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] = (static_cast<float>(i / 3 / width) + 0.5f) / static_cast<float>(height);
  return out;
}

/// Which share of all rows a sample shows: what is in it is linear in the row.
double rows_shown(const Sample& sample) {
  const std::vector<float> h = sample.hdr.to_vector<float>();
  const auto [least, most] = std::minmax_element(h.begin(), h.end());
  const auto patch = static_cast<double>(sample.hdr.shape().h());
  return (*most - *least) * patch / (patch - 1);
}

TEST_F(DataFolder, AViewCoversItsShareOfAPicture) {
  write_hdr("h/a.pfm", rows(300, 400));
  write_hdr("p/a.pfm", rows(256, 512));
  for (const double share : {1.0, 0.5})
    for (const bool panorama : {false, true})
      for (const bool augment : {true, false}) {
        DataOptions options = viewing(share, share, 96);
        options.augment = augment;
        options.camera.clip_level = 1;
        const auto dataset = open_dataset({DataSource::Kind::hdr, folder / (panorama ? "p" : "h"), 1}, options);
        for (std::uint64_t i = 0; i < 6; ++i)  // two of 98 rows are for rounding
          EXPECT_NEAR(rows_shown(dataset->sample(i)), share * (panorama ? 0.75 : 1), 0.03) << share << panorama;
      }
}

/// One lamp of three pixels beside another that gives half of its light, in a grey room.
TEST_F(DataFolder, PatchesAreLaidOverLightsByTheirShare) {
  Tensor room = Tensor::full({1, 200, 300, 3}, 1e-6, DType::f32);
  const auto light = [&](std::int64_t y, std::int64_t x) { return room.mutable_data<float>() + 3 * (300 * y + x); };
  light(20, 40)[0] = 200;
  light(150, 260)[1] = 100;
  write_hdr("a.pfm", room);
  DataOptions options = viewing(0.24, 0.24, 48);  // pixel for pixel
  options.camera.clip_level = 1;
  const auto seen = [&](double lights) {
    options.lights = lights;
    const auto dataset = open_dataset(source(DataSource::Kind::hdr), options);
    std::array<int, 2> counts{};
    for (std::uint64_t i = 0; i < 400; ++i) {
      const std::vector<float> h = dataset->sample(i).hdr.to_vector<float>();
      const float most = *std::max_element(h.begin(), h.end());
      if (most > 150)
        ++counts[0];
      else if (most > 50)
        ++counts[1];
    }
    return counts;
  };
  const std::array<int, 2> always = seen(1), half = seen(0.5), never = seen(0);
  EXPECT_EQ(always[0] + always[1], 400);
  EXPECT_NEAR(always[0], 267, 4 * std::sqrt(400 * 2.0 / 9));  // four standard deviations
  EXPECT_LT(never[0] + never[1], 100);
  EXPECT_NEAR(half[0] + half[1], 200 + (never[0] + never[1]) / 2, 40);
}

TEST_F(DataFolder, WithoutAugmentationAViewIsItsLargest) {
  write_hdr("a.pfm", rows(300, 400));
  DataOptions options = viewing(0.25, 0.5, 48);
  options.augment = false;
  options.camera.clip_level = 1;
  const Sample sample = open_dataset(source(DataSource::Kind::hdr), options)->sample(0);
  EXPECT_NEAR(rows_shown(sample), 0.5, 0.02);
}

TEST_F(DataFolder, ANarrowViewSeesAllThatAPictureHas) {
  constexpr std::int64_t side = 2048;  // HDR-Synth's scales need half of it
  Tensor stripes({1, side, side, 3}, DType::f32);
  for (std::int64_t i = 0; i < stripes.numel(); ++i) stripes.mutable_data<float>()[i] = i / 3 % 2 == 0 ? 0.9f : 0.1f;
  write_hdr("a.pfm", stripes);
  DataOptions options = viewing(1.0 / 32, 1.0 / 32, 64);  // pixel for pixel
  options.camera.clip_level = 1;
  const std::vector<float> h = open_dataset(source(DataSource::Kind::hdr), options)->sample(0).hdr.to_vector<float>();
  const auto [least, most] = std::minmax_element(h.begin(), h.end());
  EXPECT_NEAR(*most - *least, 0.8f, 1e-5f);
}

}  // namespace
}  // namespace duhdr
