// SPDX-License-Identifier: Apache-2.0
// Light before the sensor, and the share of it that clips.
#include "data/optics.h"

#include <cmath>
#include <numeric>

#include "data/exposure.h"
#include "tests/support/data_files.h"

namespace duhdr {
namespace {

double total(const Tensor& image) {
  const std::vector<float> values = image.to_vector<float>();
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// One pixel of `value` in the dark.
Tensor sun(std::int64_t height, std::int64_t width, std::int64_t y, std::int64_t x, float value) {
  Tensor out = Tensor::full({1, height, width, 3}, 0.0, DType::f32);
  std::fill_n(out.mutable_data<float>() + 3 * (y * width + x), 3, value);
  return out;
}

float at(const Tensor& image, std::int64_t y, std::int64_t x) {
  return image.data<float>()[3 * (y * image.shape().w() + x)];
}

TEST(Optics, GlareAndBlurKeepAllLightWhereverItIs) {
  const std::pair<std::int64_t, std::int64_t> sizes[] = {{48, 64}, {64, 48}, {7, 5}, {1, 9}, {1, 1}};
  for (const auto& [height, width] : sizes)
    for (const auto& [y, x] :
         {std::pair{height / 2, width / 2}, {std::int64_t{0}, std::int64_t{0}}, {height - 1, width / 3}}) {
      const Tensor scene = sun(height, width, y, x, 40000);
      EXPECT_NEAR(total(with_glare(scene, 0.05)) / total(scene), 1, 1e-5) << height << " " << y << " " << x;
      for (const double sigma : {0.3, 1.2, 4.0})
        EXPECT_NEAR(total(blurred(scene, sigma)) / total(scene), 1, 1e-5) << height << " " << y << " " << sigma;
    }
  const Tensor scene = light(40, 56);
  EXPECT_NEAR(total(with_glare(scene, 0.03)) / total(scene), 1, 1e-5);
  EXPECT_NEAR(total(blurred(scene, 0.8)) / total(scene), 1, 1e-5);
}

TEST(Optics, AnEvenSurfaceStaysEven) {
  const Tensor even = Tensor::full({1, 33, 70, 3}, 0.7, DType::f32);
  for (const Tensor& seen : {with_glare(even, 0.05), blurred(even, 1.2)})
    for (const float value : seen.to_vector<float>()) EXPECT_NEAR(value, 0.7f, 1e-6f);
}

TEST(Optics, GlareIsAHaloThatFallsOffAndReachesFar) {
  constexpr float brightness = 40000;
  const Tensor seen = with_glare(sun(129, 129, 64, 64, brightness), 0.02);
  EXPECT_LT(at(seen, 64, 64), brightness);
  EXPECT_GE(at(seen, 64, 64), 0.98f * brightness);
  for (std::int64_t x = 65; x < 128; ++x) EXPECT_LE(at(seen, 64, x + 1), at(seen, 64, x)) << x;
  EXPECT_GT(at(seen, 64, 66), 100 * at(seen, 64, 90));  // the narrow part
  EXPECT_GT(at(seen, 64, 120), 0.0f);                   // the wide one reaches 3/4 of the side
  for (std::int64_t d = 1; d < 60; ++d) {
    EXPECT_NEAR(at(seen, 64, 64 + d), at(seen, 64, 64 - d), 1e-5f * at(seen, 64, 64 + d)) << d;
    EXPECT_NEAR(at(seen, 64, 64 + d), at(seen, 64 + d, 64), 1e-5f * at(seen, 64, 64 + d)) << d;
  }
  // The light in it is the share, less what the halo leaves in the pixel itself.
  EXPECT_NEAR((total(seen) / 3 - at(seen, 64, 64)) / brightness, 0.02, 0.001);
  const Tensor twice = with_glare(sun(129, 129, 64, 64, brightness), 0.04);
  EXPECT_NEAR(at(twice, 64, 100), 2 * at(seen, 64, 100), 1e-5f * at(twice, 64, 100));
}

TEST(Optics, ASunLeavesNoTraceInTheRunningSums) {
  const Tensor night = light(256, 256, 1, 1e-3f);
  Tensor day = night.clone();
  std::fill_n(day.mutable_data<float>() + 3 * (256 * 20 + 20), 3, 1e6f);
  const Tensor without = with_glare(night, 0.05), with = with_glare(day, 0.05);
  for (std::int64_t i = 220; i < 256; ++i)  // beyond the reach of the widest halo, 20 + 3 * 64
    EXPECT_NEAR(at(with, 20, i), at(without, 20, i), 1e-5f * at(without, 20, i)) << i;
}

TEST(Optics, BlurIsTheGaussianThatWasAskedFor) {
  for (const double sigma : {0.3, 0.5, 1.0, 1.5}) {
    const Tensor seen = blurred(sun(31, 31, 15, 15, 1), sigma);
    const auto pixel = [&](double x) {  // the integral over it
      const auto below = [&](double end) { return 0.5 * std::erfc(-end / (sigma * std::sqrt(2.0))); };
      return below(x + 0.5) - below(x - 0.5);
    };
    for (std::int64_t y = -4; y <= 4; ++y)
      for (std::int64_t x = -4; x <= 4; ++x)
        EXPECT_NEAR(at(seen, 15 + y, 15 + x), pixel(static_cast<double>(x)) * pixel(static_cast<double>(y)), 2e-3)
            << sigma << " " << x << " " << y;  // what is cut at three sigma
  }
}

TEST(Optics, BalanceMultipliesRedAndBlue) {
  const Tensor scene = light(9, 11), seen = balanced(scene, 1.5, 0.25);
  for (std::int64_t i = 0; i < scene.numel(); ++i)
    EXPECT_EQ(seen.data<float>()[i], scene.data<float>()[i] * (i % 3 == 0 ? 1.5f : i % 3 == 1 ? 1.0f : 0.25f));
}

TEST(ClippedLight, ALevelLeavesTheShareAboveIt) {
  const Tensor scene = light(40, 50);
  for (const double share : {0.0, 0.01, 0.1, 0.5}) {
    const auto level = static_cast<float>(clip_level(scene, share));
    Tensor exposed = scene.clone();
    for (std::int64_t i = 0; i < exposed.numel(); ++i) exposed.mutable_data<float>()[i] /= level;
    EXPECT_NEAR(clipped_share(exposed), share, 1.0 / 2000) << share;
  }
  EXPECT_EQ(clipped_share(Tensor::full({1, 4, 4, 3}, 1.0, DType::f32)), 0);
  Tensor one = Tensor::full({1, 4, 4, 3}, 0.5, DType::f32);
  one.mutable_data<float>()[7] = 1.5f;  // green alone
  EXPECT_EQ(clipped_share(one), 1.0 / 16);
}

}  // namespace
}  // namespace duhdr
