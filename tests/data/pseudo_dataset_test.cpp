// SPDX-License-Identifier: Apache-2.0
// Photographs as pseudo-truth.
#include <cmath>

#include "image/colour.h"
#include "tests/support/data_files.h"

namespace duhdr {
namespace {

/// Codes by place.
template <class Code>
Tensor picture(std::int64_t height, std::int64_t width, Code code) {
  Tensor out({1, height, width, 3}, DType::u8);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (std::int64_t c = 0; c < 3; ++c)
        out.mutable_data<std::uint8_t>()[3 * (y * width + x) + c] = static_cast<std::uint8_t>(code(y, x, c));
  return out;
}

float light_of(int code) { return srgb_to_linear(static_cast<float>(code) / 255); }

/// H is the light itself.
DataOptions as_it_is(std::int64_t patch = 16) {
  DataOptions options = noiseless();
  options.patch = patch;
  options.camera.clip_level = 1;
  return options;
}

class PseudoTruth : public DataFolder {
 protected:
  std::unique_ptr<Dataset> open(const DataOptions& options) const {
    return open_dataset(DataSource::parse("pseudo:" + folder.string()), options);
  }
};

TEST_F(PseudoTruth, IsASynthesisedSource) {
  write_photo("a.png", photograph_of(light(40, 40)));
  const DataSource parsed = DataSource::parse("0.5@pseudo:" + folder.string());
  EXPECT_EQ(parsed.kind, DataSource::Kind::pseudo);
  EXPECT_EQ(parsed.pairing(), Pairing::synthesised);
  EXPECT_EQ(parsed.text(), "pseudo:" + folder.string());
  EXPECT_EQ(parsed.share, 0.5);
  const auto mixed = open_mixed({parsed, DataSource()}, small(), 2);
  EXPECT_EQ(mixed->pairing(), Pairing::synthesised);
  for (std::uint64_t i = 0; i < 6; ++i) {
    const Sample sample = mixed->sample(i);
    EXPECT_TRUE(sample.hdr.defined() && sample.encoded.defined() && sample.clipped.defined());
    EXPECT_EQ(sample.inverse_curve.numel(), 1024);
  }
}

TEST_F(PseudoTruth, IsTheMeanOfTheDecodedCodes) {
  write_photo("a.png", picture(64, 64, [](auto y, auto x, auto c) { return 10 + 3 * y / 2 + x % 2 * 90 + 5 * c; }));
  DataOptions options = as_it_is(32);  // all of it, at half its size
  options.augment = false;
  const Sample sample = open(options)->sample(0);
  EXPECT_EQ(sample.weight, 1.0f);
  for (std::int64_t y = 0; y < 32; ++y)
    for (std::int64_t x = 0; x < 32; ++x)
      for (std::int64_t c = 0; c < 3; ++c) {
        float sum = 0;
        for (const std::int64_t row : {2 * y, 2 * y + 1})
          for (const int stripe : {0, 90}) sum += light_of(static_cast<int>(10 + 3 * row / 2 + stripe + 5 * c));
        ASSERT_NEAR(sample.hdr.data<float>()[3 * (32 * y + x) + c], sum / 4, 1e-6);
      }
}

TEST_F(PseudoTruth, IsNeverLargerThanHalfThePhotograph) {
  const auto stripes = [](auto, auto x, auto) { return x % 2 == 0 ? 200 : 50; };
  write_photo("a/a.png", picture(120, 160, stripes));
  write_photo("b/b.png", picture(2200, 2300, stripes));
  const float mean = (light_of(200) + light_of(50)) / 2;
  for (const char* name : {"a", "b"}) {
    const auto dataset = open_dataset(DataSource::parse("pseudo:" + (folder / name).string()), as_it_is());
    for (std::uint64_t i = 0; i < 20; ++i)
      for (const float value : dataset->sample(i).hdr.to_vector<float>()) ASSERT_NEAR(value, mean, 1e-5) << name;
  }
}

TEST_F(PseudoTruth, SmallPhotographsAreShrunkAsFarAsThePatchAllows) {
  const auto ramp = [](auto y, auto, auto) { return 20 + 8 * y; };
  write_photo("a/a.png", picture(24, 40, ramp));
  const auto dataset = open_dataset(DataSource::parse("pseudo:" + (folder / "a").string()), as_it_is());
  for (std::uint64_t i = 0; i < 10; ++i) {
    const std::vector<float> h = dataset->sample(i).hdr.to_vector<float>();
    const auto [least, most] = std::minmax_element(h.begin(), h.end());
    EXPECT_NEAR(*least, (2 * light_of(20) + light_of(28)) / 3, 1e-6);  // rows of 1.5: all 24 are in the 16
    EXPECT_NEAR(*most, (2 * light_of(204) + light_of(196)) / 3, 1e-6);
  }
  write_photo("b/b.png", picture(15, 40, ramp));
  const auto none = open_dataset(DataSource::parse("pseudo:" + (folder / "b").string()), as_it_is());
  expect_error([&] { none->sample(0); }, ExitCode::bad_image, "too small (40 x 15, at least 16 x 16)");
}

TEST_F(PseudoTruth, WindowsThatClipAreDrawnAgain) {
  write_photo("a.png", picture(64, 128, [](auto y, auto x, auto) { return x < 64 ? 254 : 30 + y + x; }));
  const auto dataset = open(as_it_is());
  int kept = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Sample sample = dataset->sample(i);
    if (sample.weight == 0) continue;
    ++kept;
    for (const float value : sample.hdr.to_vector<float>()) ASSERT_LT(value, light_of(250)) << i;
  }
  EXPECT_GT(kept, 290);  // a third of the windows are good: sixteen bad ones in a row are one in a thousand
}

TEST_F(PseudoTruth, WhatClipsEverywhereHasNoWeight) {
  const auto weight = [&](int code, std::int64_t every) {
    fs::remove_all(folder / "x");
    write_photo("x/a.png", picture(128, 128, [&](auto y, auto x, auto c) {
                  return y % every == 5 && x % every == 5 && c == 1 ? code : 100;
                }));
    DataOptions options = as_it_is(32);
    float sum = 0;
    const auto dataset = open_dataset(DataSource::parse("pseudo:" + (folder / "x").string()), options);
    for (std::uint64_t i = 0; i < 10; ++i) sum += dataset->sample(i).weight;
    return sum;
  };
  EXPECT_EQ(weight(254, 16), 0);   // one pixel in 256, in one channel, which is far from white when it is shrunk
  EXPECT_EQ(weight(253, 16), 10);  // does not clip
  EXPECT_EQ(weight(255, 64), 10);  // one pixel in 4096: less than a thousandth
}

TEST_F(PseudoTruth, SamplesDependOnSeedAndIndexAlone) {
  for (const char* name : {"a.png", "b.png", "c.png"})
    write_photo(name, photograph_of(light(90, 70, static_cast<std::uint64_t>(name[0]))));
  const auto dataset = open(small());
  auto tiny = small();
  tiny.cache_bytes = 1;
  const auto uncached = open(tiny);
  std::vector<Sample> samples;
  for (std::uint64_t i = 0; i < 12; ++i) samples.push_back(dataset->sample(i));
  for (std::uint64_t i = 12; i-- > 0;) EXPECT_TRUE(same(uncached->sample(i), samples[i])) << i;
  auto other = small();
  other.seed = 2;
  EXPECT_FALSE(same(open(other)->sample(0), samples[0]));
}

TEST_F(PseudoTruth, AWidePhotographIsNoPanoramaAndHasAView) {
  write_photo("a.png", picture(128, 256, [](auto y, auto, auto) { return 40 + y; }));
  DataOptions options = as_it_is(32);
  options.view = {1.0, 1.0};
  const auto dataset = open(options);
  for (std::uint64_t i = 0; i < 6; ++i) {
    const std::vector<float> h = dataset->sample(i).hdr.to_vector<float>();
    const auto [least, most] = std::minmax_element(h.begin(), h.end());
    EXPECT_LT(*least, light_of(43));  // four rows in one
    EXPECT_GT(*most, light_of(164));
  }
}

}  // namespace
}  // namespace duhdr
