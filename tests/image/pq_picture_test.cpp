// SPDX-License-Identifier: Apache-2.0
// Display light as PQ, and 16-bit PNGs of it, by formulas and a reader of their own.
#include "image/pq_picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "image/encode.h"
#include "tests/support/image_checks.h"
#include "tests/support/png_chunks.h"

namespace duhdr {
namespace {

using namespace files;

// SMPTE ST 2084 and BT.2087, from the documents.
double st2084(double nits) {
  const double y = std::pow(nits / 10000, 0.1593017578125);
  return std::pow((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y), 78.84375);
}
double st2084_inverse(double code) {
  const double v = std::pow(code, 1 / 78.84375);
  return 10000 * std::pow(std::max(v - 0.8359375, 0.0) / (18.8515625 - 18.6875 * v), 1 / 0.1593017578125);
}
std::array<double, 3> wide(const float* rgb) {
  constexpr double m[3][3] = {{0.6274038959, 0.3292830384, 0.0433130657},
                              {0.0690972894, 0.9195403951, 0.0113623156},
                              {0.0163914389, 0.0880133079, 0.8955952532}};
  std::array<double, 3> out{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) out[r] += m[r][c] * static_cast<double>(rgb[c]);
  return out;
}

/// Dark to 30 times white, every pixel of another colour.
DisplayLight colours(std::int64_t height, std::int64_t width) {
  Tensor pixels({1, height, width, 3}, DType::f32);
  float* to = pixels.mutable_data<float>();
  for (std::int64_t i = 0; i < pixels.numel(); ++i)
    to[i] = i % 7 == 3 ? 0.0f : std::exp2(static_cast<float>(i * 37 % 211) / 10.0f - 16.0f);
  return {pixels};
}

TEST(DisplayLight, IsThePhotographTimesItsGain) {
  const Tensor codes = Tensor::of<float>({1, 1, 2, 3}, std::vector<float>{1, 0.5f, 0, 0.25f, 1, 0.75f});
  const Tensor grey = Tensor::of<float>({1, 1, 2, 1}, std::vector<float>{4, 1});
  const Tensor colour = Tensor::of<float>({1, 1, 2, 3}, std::vector<float>{4, 2, 8, 1, 1, 3});
  const auto decoded = [](float code) { return srgb_to_linear(code); };
  EXPECT_EQ(display_light(codes, grey).pixels.to_vector<float>(),
            (std::vector<float>{4, 4 * decoded(0.5f), 0, decoded(0.25f), 1, decoded(0.75f)}));
  EXPECT_EQ(display_light(codes, colour).pixels.to_vector<float>(),
            (std::vector<float>{4, 2 * decoded(0.5f), 0, decoded(0.25f), 1, 3 * decoded(0.75f)}));
}

TEST(PqPicture, LightComesBackWithinHalfACode) {
  const DisplayLight light = colours(13, 29);
  for (const auto& [white, peak] : {std::pair{203.0, 1000.0}, {203.0, 10000.0}, {100.0, 150.0}})
    for (const int depth : {10, 12, 16}) {
      const PqPicture picture = make_pq_picture(light, white, peak, depth);
      const double steps = std::exp2(depth) - 1;
      double largest = 0, sum = 0;
      for (std::size_t i = 0; i < picture.codes.size(); i += 3) {
        const auto rgb = wide(light.pixels.data<float>() + i);
        double brightest = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          const double nits = std::min(white * rgb[c], peak);
          EXPECT_NEAR(picture.codes[i + c], steps * st2084(nits), 0.5 + 1e-3) << i + c;
          brightest = std::max(brightest, nits);
        }
        largest = std::max(largest, brightest);
        sum += brightest;
      }
      EXPECT_NEAR(picture.max_light, largest, 1e-6 * largest);
      EXPECT_NEAR(picture.mean_light, sum / (13 * 29), 1e-6 * largest);
      EXPECT_EQ(picture.peak, peak);
    }
}

TEST(PqPicture, StaysWithinTheGamutThatItStates) {
  const PqPicture picture = make_pq_picture(colours(40, 40), 203, 600, 16);
  const Matrix3 back = rgb_to_rgb(rec2020, pq_picture_gamut);
  for (std::size_t i = 0; i < picture.codes.size(); i += 3) {
    Vector3 light{};
    for (std::size_t c = 0; c < 3; ++c) light[c] = st2084_inverse(picture.codes[i + c] / 65535.0);
    for (const double value : back* light) EXPECT_GT(value, -0.02);  // cd/m^2: the codes are rounded
  }
}

TEST(PqPicture, BadInputsAreABugOfTheCaller) {
  const DisplayLight light = colours(2, 2);
  EXPECT_THROW(make_pq_picture(light, 0, 1000, 16), Error);
  EXPECT_THROW(make_pq_picture(light, 203, 100, 16), Error);
  EXPECT_THROW(make_pq_picture(light, 203, 10001, 16), Error);
  EXPECT_THROW(make_pq_picture(light, 203, 1000, 8), Error);
  EXPECT_THROW(encode_png_pq(make_pq_picture(light, 203, 1000, 10)), Error);
}

TEST(PngPq, ChunksSayWhatThePictureIs) {
  const PqPicture picture = make_pq_picture(colours(31, 17), 203, 1000, 16);
  const PngReader png(encode_png_pq(picture));
  EXPECT_EQ(png.width, 17u);
  EXPECT_EQ(png.height, 31u);
  EXPECT_EQ(png.depth, 16);
  EXPECT_EQ(png.colour_type, 2);
  for (const char* name : {"sRGB", "gAMA", "cHRM", "iCCP"}) EXPECT_FALSE(png.has(name)) << name;
  for (const char* name : {"cICP", "mDCV", "cLLI"}) EXPECT_LT(png.index(name), png.index("IDAT")) << name;
  EXPECT_EQ(png.data("cICP"), std::string("\x09\x10\x00\x01", 4));
  const std::string &display = png.data("mDCV"), &levels = png.data("cLLI");
  ASSERT_EQ(display.size(), 24u);
  constexpr std::size_t rec709_in_steps[] = {32000, 16500, 15000, 30000, 7500, 3000, 15635, 16450};
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(PngReader::number(display, 2 * i, 2), rec709_in_steps[i]) << i;
  EXPECT_EQ(PngReader::number(display, 16, 4), 10'000'000u);
  EXPECT_EQ(PngReader::number(display, 20, 4), 1u);
  ASSERT_EQ(levels.size(), 8u);
  const std::vector<int> codes = png.codes16();
  ASSERT_TRUE(std::equal(codes.begin(), codes.end(), picture.codes.begin(), picture.codes.end()));
  double largest = 0, sum = 0;
  for (std::size_t i = 0; i < codes.size(); i += 3) {
    const double brightest = st2084_inverse(std::max({codes[i], codes[i + 1], codes[i + 2]}) / 65535.0);
    largest = std::max(largest, brightest);
    sum += brightest;
  }
  const double mean = sum / static_cast<double>(codes.size() / 3);
  EXPECT_NEAR(static_cast<double>(PngReader::number(levels, 0, 4)) / 10000, largest, 1e-3 * largest);
  EXPECT_NEAR(static_cast<double>(PngReader::number(levels, 4, 4)) / 10000, mean, 1e-3 * mean);
}

}  // namespace
}  // namespace duhdr
