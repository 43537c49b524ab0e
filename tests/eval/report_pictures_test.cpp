// SPDX-License-Identifier: Apache-2.0
// Embedded pictures: what their codes stand for, and how large they are.
#include "eval/report_pictures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "image/colour.h"
#include "image/image.h"

namespace duhdr {
namespace {

/// Smooth light of 12 stops.
Tensor light(std::int64_t height, std::int64_t width) {
  std::vector<float> values;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        values.push_back(static_cast<float>(
            std::exp2(6 * std::sin(0.02 * static_cast<double>(x + 5 * c)) * std::cos(0.03 * static_cast<double>(y)))));
  return Tensor::of<float>({1, height, width, 3}, values);
}

/// The codes of an embedded picture in 0..1.
Tensor codes_of_picture(const CodedPicture& picture) {
  std::string text = picture.jpeg;
  std::vector<std::byte> bytes;
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    word = (word << 6) | static_cast<std::uint32_t>(digits.find(c));
    bits += 6;
    if (bits >= 8) bytes.push_back(static_cast<std::byte>((word >> (bits -= 8)) & 255u));
  }
  return decode_image(bytes, "picture").pixels;
}

TEST(Pictures, StandForLightInStops) {
  const Tensor whole = light(300, 450);
  const CodedPicture picture = code_light(whole, 450);
  EXPECT_EQ(picture.width, 450);
  EXPECT_EQ(picture.height, 300);
  EXPECT_NEAR(picture.low, -6, 0.05);
  EXPECT_NEAR(picture.high, 6, 0.05);
  const Tensor codes = codes_of_picture(picture);
  ASSERT_EQ(codes.shape(), whole.shape());
  double square = 0, most = 0;
  for (std::int64_t i = 0; i < codes.numel(); ++i) {
    const double stops = picture.low + static_cast<double>(codes.data<float>()[i]) * (picture.high - picture.low);
    const double shown = std::exp2(stops) - std::exp2(toe_stop);
    const double error = std::abs(std::log2(shown / static_cast<double>(whole.data<float>()[i])));
    square += error * error;
    most = std::max(most, error);
  }
  // A code is 12 / 255 = 0.047 stops; rounding in JPEG's colours and coefficients adds about as much again.
  EXPECT_LT(std::sqrt(square / static_cast<double>(codes.numel())), 0.047);
  EXPECT_LT(most, 0.047 * 6);
}

TEST(Pictures, AreAveragedInLinearLight) {
  Tensor stripes({1, 64, 64, 3}, DType::f32);
  for (std::int64_t i = 0; i < stripes.numel(); ++i) stripes.mutable_data<float>()[i] = i / 3 % 2 == 0 ? 0.0f : 2.0f;
  const CodedPicture picture = code_light(stripes, 32);
  EXPECT_EQ(picture.width, 32);
  EXPECT_NEAR(picture.low, 0, 1e-3);  // the mean of 0 and 2 is 1, zero stops
}

TEST(Pictures, TakeWhatIsOutsideTheRange) {
  Tensor wild = Tensor::full({1, 16, 16, 3}, 1, DType::f32);
  float* values = wild.mutable_data<float>();
  values[0] = 0;
  values[1] = -1;
  values[2] = std::numeric_limits<float>::quiet_NaN();
  values[3] = std::numeric_limits<float>::infinity();
  const CodedPicture picture = code_light(wild, 320);
  EXPECT_EQ(picture.low, toe_stop);  // no light
  EXPECT_NEAR(picture.high, highest_stop, 1e-5);
  for (const float dark : {-1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    Tensor one = Tensor::full({1, 16, 16, 3}, 1, DType::f32);
    one.mutable_data<float>()[7] = dark;
    EXPECT_EQ(code_light(one, 320).low, toe_stop) << dark;
  }
  const CodedPicture flat = code_light(Tensor::full({1, 16, 16, 3}, 0.25, DType::f32), 320);
  EXPECT_NEAR(flat.low, -2, 2e-3);
  EXPECT_GT(flat.high, flat.low);
  EXPECT_NEAR(light_of_codes(Tensor::full({1, 1, 1, 3}, 0.5, DType::f32)).data<float>()[0], srgb_to_linear(0.5f), 1e-7);
}

TEST(Pictures, HaveMapsWithOneScale) {
  Tensor map({1, 100, 200, 1}, DType::f32);
  for (std::int64_t i = 0; i < map.numel(); ++i) map.mutable_data<float>()[i] = i % 200 < 100 ? 0.5f : 2.0f;
  const CodedPicture picture = code_map(map, 1, 200);
  EXPECT_EQ(picture.width, 100);
  EXPECT_EQ(picture.high, 1);
  const Tensor codes = codes_of_picture(picture);
  EXPECT_NEAR(codes.data<float>()[0], 0.5, 1.5 / 255);
  EXPECT_NEAR(codes.data<float>()[codes.numel() - 1], 1, 1.5 / 255);
  EXPECT_EQ(scale_top({map}), 2);
  EXPECT_EQ(scale_top({}), 1);
  EXPECT_EQ(scale_top({Tensor::zeros({1, 8, 8, 1}, DType::f32)}), 1);
  EXPECT_EQ(scale_top({Tensor::full({1, 8, 8, 1}, 0.031, DType::f32)}), 0.05);
  Tensor peak = Tensor::full({1, 20, 20, 1}, 0.5, DType::f32);
  peak.mutable_data<float>()[7] = 1000;  // one pixel of 400 makes no scale
  EXPECT_EQ(scale_top({peak}), 0.5);
}

TEST(Pictures, AreSmallerTheMoreThereAre) {
  Evaluation evaluation;
  EXPECT_EQ(embedded_side(evaluation), 480);
  const auto with = [&](int pairs, int methods) {
    evaluation.pictures.clear();
    for (int pair = 0; pair < pairs; ++pair)
      for (int method = 0; method < methods; ++method) {
        PairPictures& pictures = evaluation.pictures[message(pair)];
        for (auto* kind : {&pictures.estimates, &pictures.errors, &pictures.visibility}) (*kind)[message(method)] = {};
      }
    return embedded_side(evaluation);
  };
  EXPECT_GT(with(20, 15), 240);
  EXPECT_LT(with(100, 15), with(20, 15));
  EXPECT_EQ(with(1000, 15), 128);
}

}  // namespace
}  // namespace duhdr
