// SPDX-License-Identifier: Apache-2.0
// Gain maps: their samples, range and codes.
#include "image/gain_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "image/display_gain.h"
#include "image/orientation.h"

namespace duhdr {
namespace {

constexpr MapSize sizes[] = {MapSize::full, MapSize::half, MapSize::quarter};
constexpr std::pair<int, int> pictures[] = {{1, 1}, {2, 2}, {5, 3}, {7, 9}, {64, 48}, {131, 67}};

Tensor ones(std::int64_t width, std::int64_t height, std::int64_t channels = 1) {
  return Tensor::full({1, height, width, channels}, 1.0, DType::f32);
}
bool all_zero(const Tensor& codes) {
  const auto values = codes.to_vector<std::uint8_t>();
  return std::ranges::all_of(values, [](std::uint8_t code) { return code == 0; });
}

TEST(DisplayGain, IsOneWhereNothingIsInventedAndNeverBelow) {
  const Shape shape{1, 1, 4, 3};
  const Tensor linear = Tensor::of<float>(shape, std::vector<float>{1, 1, 1, 0.5f, 0.5f, 0.5f, 1, 1, 1, 0, 0, 0});
  const Tensor light = Tensor::of<float>(shape, std::vector<float>{8, 4, 2, 9, 9, 9, 0.5f, 0.5f, 0.5f, 0, 0, 0});
  const Tensor mask = Tensor::of<float>(shape.with(3, 1), std::vector<float>{0.5f, 0, 1, 1});
  const float luminance = 0.2126f * 8 + 0.7152f * 4 + 0.0722f * 2;
  EXPECT_EQ(display_gain(light, linear, mask, true, 10000).to_vector<float>(),
            (std::vector<float>{4.5f, 2.5f, 1.5f, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
  const std::vector<float> grey = display_gain(light, linear, mask, false, 10000).to_vector<float>();
  ASSERT_EQ(grey.size(), 4u);
  EXPECT_FLOAT_EQ(grey[0], 1 + 0.5f * (luminance - 1));
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(grey[i], 1.0f);
}

TEST(DisplayGain, IsWhatADisplayCanShow) {
  const Shape shape{1, 1, 2, 3};
  const Tensor linear = Tensor::full(shape, 1.0, DType::f32), mask = Tensor::full(shape.with(3, 1), 1.0, DType::f32);
  const Tensor light = Tensor::of<float>(shape, std::vector<float>{64, 3, 0.5f, 3, 3, 3});
  EXPECT_EQ(display_gain(light, linear, mask, true, 4).to_vector<float>(), (std::vector<float>{4, 3, 1, 3, 3, 3}));
  EXPECT_EQ(display_gain(light, linear, mask, false, 4).to_vector<float>()[0], 4.0f);
  EXPECT_THROW(display_gain(light, linear, mask, false, 1), Error);
}

TEST(GainMap, NothingGainedIsExactlyOne) {
  for (const auto& [width, height] : pictures)
    for (const MapSize size : sizes)
      for (const int channels : {1, 3}) {
        const GainMap map = make_gain_map(ones(width, height, channels), size);
        const auto part = static_cast<std::int64_t>(size);
        EXPECT_EQ(map.log2_gain.shape(), Shape({1, (height + part - 1) / part, (width + part - 1) / part, channels}));
        for (const float stops : map.log2_gain.to_vector<float>()) EXPECT_EQ(stops, 0.0f);
        EXPECT_TRUE(all_zero(gain_map_codes(map)));
        EXPECT_EQ(map.min_boost, 0.0);
        EXPECT_EQ(map.max_boost, 0.01);
      }
}

TEST(GainMap, OneGainedPixelTouchesOnlyItsSamples) {
  for (const auto& [width, height] : pictures)
    for (const MapSize size : sizes)
      for (int i = 0; i < width * height; i += 7) {
        Tensor gain = ones(width, height);
        gain.mutable_data<float>()[i] = 50.0f;
        const GainMap map = make_gain_map(gain, size);
        const Tensor codes = gain_map_codes(map);
        const std::int64_t w = codes.shape().w(), h = codes.shape().h(), x = i % width, y = i / width;
        for (std::int64_t v = 0; v < h; ++v)
          for (std::int64_t u = 0; u < w; ++u) {  // in units in which both grids have whole numbers
            const bool covers = u * width < (x + 1) * w && (u + 1) * width > x * w && v * height < (y + 1) * h &&
                                (v + 1) * height > y * h;
            EXPECT_EQ(codes.data<std::uint8_t>()[v * w + u] > 0, covers) << x << ' ' << y << ' ' << u << ' ' << v;
            EXPECT_EQ(map.log2_gain.data<float>()[v * w + u] > 0.0f, covers);
          }
      }
}

TEST(GainMap, SamplesAreMeansOfLinearGain) {
  const Tensor gain = Tensor::of<float>({1, 2, 4, 1}, std::vector<float>{1, 1, 2, 2, 1, 9, 6, 6});
  const GainMap half = make_gain_map(gain, MapSize::half);
  EXPECT_FLOAT_EQ(half.log2_gain.data<float>()[0], std::log2(3.0f));
  EXPECT_FLOAT_EQ(half.log2_gain.data<float>()[1], 2.0f);
  const GainMap colours = make_gain_map(Tensor::of<float>({1, 1, 1, 3}, std::vector<float>{1, 2, 8}), MapSize::quarter);
  EXPECT_EQ(colours.log2_gain.to_vector<float>(), (std::vector<float>{0, 1, 3}));
}

TEST(GainMap, RangeIsThatOfTheBrightestSample) {
  const auto boost_of = [](double gain) {
    return make_gain_map(Tensor::full({1, 4, 4, 1}, gain, DType::f32), MapSize::half).max_boost;
  };
  EXPECT_EQ(boost_of(2), 1.0);
  EXPECT_EQ(boost_of(64), 6.0);
  EXPECT_NEAR(boost_of(3), std::log2(3.0), 1.1e-6);
  EXPECT_GE(boost_of(3), static_cast<double>(std::log2(3.0f)));
}

TEST(GainMap, CodesAreTheNearest) {
  Tensor gain({1, 1, 1000, 1}, DType::f32);
  for (int i = 0; i < 1000; ++i) gain.mutable_data<float>()[i] = std::exp2(static_cast<float>(i) * 5.0f / 999.0f);
  const GainMap map = make_gain_map(gain, MapSize::full);
  const auto codes = gain_map_codes(map).to_vector<std::uint8_t>();
  EXPECT_EQ(codes.front(), 0);
  EXPECT_EQ(codes.back(), 255);
  const auto boost = [&](double code) {
    return map.min_boost + (map.max_boost - map.min_boost) * std::pow(code / 255.0, 1.0 / map.gamma);
  };
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const double stops = static_cast<double>(map.log2_gain.data<float>()[i]), code = codes[i];
    EXPECT_GE(stops, code == 0 ? 0.0 : boost(code - 0.5) - 1e-9);
    EXPECT_LE(stops, boost(code + 0.5) + 1e-9);
  }
  // What a JPEG decoder is off by where nothing is gained stays unseen: 2 codes are less than 0.1 %.
  EXPECT_LT(std::exp2(boost(2.0)), 1.001);
}

TEST(GainMap, BadGainsAreABugOfTheCaller) {
  for (const float bad : {0.999f, -1.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    Tensor gain = ones(4, 4);
    gain.mutable_data<float>()[5] = bad;
    EXPECT_THROW(make_gain_map(gain, MapSize::half), Error) << bad;
  }
  EXPECT_THROW(make_gain_map(ones(4, 4, 2), MapSize::half), Error);
  EXPECT_THROW(make_gain_map(ones(4, 4).to(DType::u8), MapSize::half), Error);
}

TEST(GainMap, StoredOrientationIsTheWayBack) {
  Tensor stored({1, 3, 5, 2}, DType::f32);
  for (int i = 0; i < 30; ++i) stored.mutable_data<float>()[i] = static_cast<float>(i);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Tensor back = as_stored(upright(stored, orientation), orientation);
    EXPECT_EQ(back.shape(), stored.shape());
    EXPECT_EQ(back.to_vector<float>(), stored.to_vector<float>()) << orientation;
  }
}

}  // namespace
}  // namespace duhdr
