// SPDX-License-Identifier: Apache-2.0
// Every metric against a slow formula of its own, and at its edges.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "metrics/clipped_share.h"
#include "metrics/dynamic_range.h"
#include "metrics/exposure_ratio.h"
#include "metrics/log_rmse.h"
#include "metrics/value_range.h"

namespace duhdr {
namespace {

constexpr double bits = 1e-12;  // relative: double arithmetic in another order

Tensor picture(const std::vector<float>& values) {
  return Tensor::of<float>(Shape{1, 1, static_cast<std::int64_t>(values.size() / 3), 3}, values);
}

/// `count` channel values of `decades` around 1, one in eight black.
std::vector<float> light(std::uint64_t seed, std::size_t count, double decades) {
  const Philox draws(seed, 5);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double exponent = (draws.uniform(2 * i) - 0.5) * decades;
    values[i] = draws.uniform(2 * i + 1) < 0.125 ? 0.f : static_cast<float>(std::pow(10.0, exponent));
  }
  return values;
}

/// The value that exactly floor(share (n - 1)) others come before, by counting.
template <class T>
double counted_quantile(const std::vector<T>& values, double share) {
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1));
  for (const T candidate : values) {
    const auto below = static_cast<std::size_t>(
        std::count_if(values.begin(), values.end(), [&](T other) { return other < candidate; }));
    const auto equal = static_cast<std::size_t>(std::count(values.begin(), values.end(), candidate));
    if (below <= place && place < below + equal) return static_cast<double>(candidate);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<float> luminances(const std::vector<float>& values) {
  std::vector<float> out;
  for (std::size_t i = 0; i < values.size(); i += 3)
    out.push_back(0.2126f * values[i] + 0.7152f * values[i + 1] + 0.0722f * values[i + 2]);
  return out;
}

// ------------------------------------------------------------------------------------------------------- log-RMSE

TEST(LogRmse, EqualsTheMeanOfSquaredDecades) {
  const std::vector<float> a = light(1, 3 * 400, 16), b = light(2, 3 * 400, 4);
  long double all = 0, clipped = 0;
  std::int64_t clipped_values = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t first = i / 3 * 3;
    const auto decades = std::log(static_cast<long double>(std::max<double>(static_cast<double>(a[i]), 1e-5)) /
                                  static_cast<long double>(std::max<double>(static_cast<double>(b[i]), 1e-5))) /
                         std::log(10.0L);
    all += decades * decades;
    if (std::max({b[first], b[first + 1], b[first + 2]}) <= 1) continue;
    clipped += decades * decades;
    ++clipped_values;
  }
  LogRmse rmse;
  rmse.add(picture(a), picture(b));
  EXPECT_EQ(rmse.pixels(), 400);
  EXPECT_EQ(3 * rmse.clipped_pixels(), clipped_values);
  ASSERT_GT(clipped_values, 300);
  ASSERT_LT(clipped_values, 1200);
  const auto count = static_cast<long double>(a.size());
  EXPECT_NEAR(rmse.all(), static_cast<double>(std::sqrt(all / count)), bits * rmse.all());
  EXPECT_NEAR(rmse.clipped(), static_cast<double>(std::sqrt(clipped / static_cast<long double>(clipped_values))),
              bits * rmse.clipped());
}

TEST(LogRmse, SumsOverPicturesAsOverOne) {
  const std::vector<float> a = light(3, 3 * 100, 6), b = light(4, 3 * 100, 6);
  LogRmse whole, parts;
  whole.add(picture(a), picture(b));
  for (const auto& [begin, end] : {std::pair{0, 90}, {90, 93}, {93, 300}})
    parts.add(picture({a.begin() + begin, a.begin() + end}), picture({b.begin() + begin, b.begin() + end}));
  EXPECT_EQ(parts.pixels(), whole.pixels());
  EXPECT_EQ(parts.clipped_pixels(), whole.clipped_pixels());
  EXPECT_NEAR(parts.all(), whole.all(), bits);
  EXPECT_NEAR(parts.clipped(), whole.clipped(), bits);
}

TEST(LogRmse, Edges) {
  LogRmse none;
  EXPECT_EQ(none.all(), 0);
  EXPECT_EQ(none.clipped(), 0);

  LogRmse factor;  // ten times too bright everywhere is one decade; exactly 1 is not clipped
  factor.add(picture({10, 1, 0.1f}), picture({1, 0.1f, 0.01f}));
  EXPECT_NEAR(factor.all(), 1, 1e-7);  // 0.1f and 0.01f are rounded
  EXPECT_EQ(factor.clipped_pixels(), 0);

  LogRmse black;  // the floor: nothing below 1e-5 differs
  black.add(picture({0, 1e-9f, -1}), picture({1e-6f, 0, 1e-7f}));
  EXPECT_EQ(black.all(), 0);
  EXPECT_THROW(black.add(picture({1, 2, 3}), picture({1, 2, 3, 4, 5, 6})), Error);
}

// ------------------------------------------------------------------------------------------------ light of a picture

TEST(DynamicRange, EqualsCountedQuantiles) {
  for (const std::size_t pixels : {1, 2, 3, 100, 101, 1000}) {
    const std::vector<float> values = light(pixels, 3 * pixels, 8), grey = luminances(values);
    std::vector<float> above_zero;
    std::copy_if(grey.begin(), grey.end(), std::back_inserter(above_zero), [](float x) { return x > 0; });
    const DynamicRange range = dynamic_range(picture(values));
    EXPECT_EQ(range.median, counted_quantile(grey, 0.5)) << pixels;
    EXPECT_EQ(range.largest, counted_quantile(grey, 1)) << pixels;
    const double wanted = std::log(range.largest / counted_quantile(above_zero, 0.01)) / std::log(2.0);
    EXPECT_NEAR(range.stops, wanted, bits * (1 + wanted)) << pixels;
  }
}

TEST(DynamicRange, OfBlackIsZero) {
  const DynamicRange range = dynamic_range(picture({0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(range.median, 0);
  EXPECT_EQ(range.largest, 0);
  EXPECT_EQ(range.stops, 0);
}

TEST(ClippedShare, CountsPixelsWithOneChannelAtTheLevel) {
  const Tensor four = picture({0, 0, 2, 1.9f, 1.9f, 1.9f, 3, 0, 0, 0, 0, 0});
  EXPECT_EQ(clipped_share(four, 2), 0.5);
  EXPECT_EQ(clipped_share(four, 1.5), 0.75);
  EXPECT_EQ(clipped_share(four, 3.5), 0);
  EXPECT_EQ(clipped_share(four, 0), 0.75) << "black is never clipped";
}

TEST(ClippedShare, LevelAt0EvIsTwiceTheMean) {
  const std::vector<float> values = light(9, 3 * 500, 6);
  long double sum = 0;
  for (const float value : values) sum += static_cast<long double>(value);
  const auto wanted = static_cast<double>(2 * sum / static_cast<long double>(values.size()));
  EXPECT_NEAR(clip_level_at_0_ev(picture(values)), wanted, bits * wanted);
}

// -------------------------------------------------------------------------------------------------------- exposures

double srgb_light(double code) { return code <= 0.04045 ? code / 12.92 : std::pow((code + 0.055) / 1.055, 2.4); }

TEST(ExposureRatio, IsTheMedianOverWellExposedPixels) {
  const Philox draws(11, 5);
  std::vector<float> codes, values;
  std::vector<double> ratios;
  for (std::uint64_t pixel = 0; pixel < 300; ++pixel) {
    double above = 0, below = 0;
    bool well = true;
    for (std::uint64_t c = 0; c < 3; ++c) {
      codes.push_back(static_cast<float>(draws.uniform(8 * pixel + c)));
      values.push_back(pixel % 7 == 0 ? 0.f : static_cast<float>(draws.uniform(8 * pixel + 3 + c) + 0.1));
      const double weight = c == 0 ? 0.2126 : c == 1 ? 0.7152 : 0.0722;
      above += weight * srgb_light(static_cast<double>(codes.back()));
      below += weight * static_cast<double>(values.back());
      well = well && codes.back() >= 0.1f && codes.back() <= 0.8f;
    }
    if (well && below > 0) ratios.push_back(above / below);
  }
  ASSERT_GT(ratios.size(), 50u);
  const std::optional<double> ratio = exposure_ratio(picture(codes), picture(values));
  ASSERT_TRUE(ratio.has_value());
  const double wanted = counted_quantile(ratios, 0.5);
  EXPECT_NEAR(*ratio, wanted, 1e-5 * wanted);  // f32 curve and luminance
}

TEST(ExposureRatio, NoneWithoutAWellExposedPixel) {
  EXPECT_FALSE(exposure_ratio(picture({0.05f, 0.5f, 0.5f, 0.5f, 0.5f, 0.9f}), picture({1, 1, 1, 1, 1, 1})).has_value());
  EXPECT_FALSE(exposure_ratio(picture({0.5f, 0.5f, 0.5f}), picture({0, 0, 0})).has_value());
  EXPECT_THROW(exposure_ratio(picture({0.5f, 0.5f, 0.5f}), picture({1, 1, 1, 1, 1, 1})), Error);
}

TEST(ExposureRatio, LooksAtLargePicturesInSteps) {
  const std::size_t pixels = std::size_t{1} << 17;  // every second pixel is looked at
  std::vector<float> codes(3 * pixels, 0.5f), values(3 * pixels, 1.f);
  for (std::size_t i = 3; i < values.size(); i += 6)
    for (std::size_t c = 0; c < 3; ++c) values[i + c] = 100;
  EXPECT_NEAR(exposure_ratio(picture(codes), picture(values)).value_or(0), srgb_light(0.5), 1e-6);
}

// ----------------------------------------------------------------------------------------------------------- values

TEST(ValueRange, EqualsCountedQuantiles) {
  for (const std::size_t pixels : {1, 2, 33, 500}) {
    const std::vector<float> values = light(pixels, 3 * pixels, 8);
    const ValueRange range = value_range(picture(values));
    EXPECT_EQ(range.median, counted_quantile(values, 0.5)) << pixels;
    EXPECT_EQ(range.p99, counted_quantile(values, 0.99)) << pixels;
    EXPECT_EQ(range.maximum, counted_quantile(values, 1)) << pixels;
  }
}

TEST(ValueRange, IsThatOfTheSortedValues) {
  const auto expect_range = [](std::vector<float> values) {
    const ValueRange range = value_range(picture(values));
    std::ranges::sort(values);
    const auto at = [&](double share) {
      return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    EXPECT_EQ(range.median, at(0.5));
    EXPECT_EQ(range.p99, at(0.99));
    EXPECT_EQ(range.maximum, values.back());
  };
  constexpr std::size_t pixels = 400'000;  // enough for several threads
  expect_range(light(3, 3 * pixels, 8));
  std::vector<float> values = light(4, 3 * pixels, 8);
  for (float& value : values) value = 1 + value / 65536;  // most share their upper bits
  expect_range(values);
  for (float& value : values) value = 1.00003f - value;  // of either sign
  expect_range(values);
  expect_range({-2, -1, -0.f, 0, 1e-42f, 3});
}

}  // namespace
}  // namespace duhdr
