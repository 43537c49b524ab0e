// SPDX-License-Identifier: Apache-2.0
// Procedural scenes: the same for ever, light only, and with the range that training needs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/file.h"
#include "base/sha256.h"
#include "data/noise.h"
#include "data/scenes/scene.h"

namespace duhdr {
namespace {

std::string sum_of(const Tensor& scene) { return sha256({scene.raw(), scene.bytes()}); }

double mean_of(const Tensor& scene) {
  double sum = 0;
  for (const float value : scene.to_vector<float>()) sum += static_cast<double>(value);
  return sum / static_cast<double>(scene.numel());
}

TEST(Scene, DependsOnSeedAndIndexAlone) {
  std::set<std::string> sums;
  for (std::uint64_t seed : {1u, 2u})
    for (std::uint64_t index = 0; index < 10; ++index) sums.insert(sum_of(procedural_scene(seed, index, 24, 32)));
  EXPECT_EQ(sums.size(), 20u);
  for (std::uint64_t index = 10; index-- > 0;)
    EXPECT_TRUE(sums.contains(sum_of(procedural_scene(1, index, 24, 32)))) << index;
}

TEST(Scene, EverySize) {
  const std::pair<std::int64_t, std::int64_t> sizes[] = {{1, 1}, {1, 300}, {300, 1}, {17, 5}, {2, 2}, {64, 33}};
  for (const auto& [height, width] : sizes)
    for (std::uint64_t index = 0; index < 40; ++index) {
      const Tensor scene = procedural_scene(3, index, height, width);
      ASSERT_EQ(scene.shape(), (Shape{1, height, width, 3}));
      for (const float value : scene.to_vector<float>()) ASSERT_TRUE(std::isfinite(value) && value >= 0) << index;
      EXPECT_NEAR(mean_of(scene), 0.5, 0.05) << index;
    }
  EXPECT_THROW(procedural_scene(1, 0, 0, 5), Error);
}

TEST(Scene, LargeIndicesAndSeeds) {
  const std::uint64_t large = ~std::uint64_t{0};
  for (const float value : procedural_scene(large, large, 16, 16).to_vector<float>())
    ASSERT_TRUE(std::isfinite(value) && value >= 0);
}

/// Over many scenes: highlights far above the middle, some of every picture clipped at a common exposure, but never all
/// of it, and structure within what is clipped (else there is nothing to learn there).
TEST(Scene, HasHighlightsWithStructure) {
  constexpr int scenes = 60, side = 96;
  int wide = 0, bright = 0, some_clipped = 0, structured = 0, clipped_scenes = 0;
  double share = 0;
  for (std::uint64_t index = 0; index < scenes; ++index) {
    std::vector<float> values = procedural_scene(11, index, side, side).to_vector<float>();
    std::vector<float> above;
    for (const float value : values)
      if (value > 1) above.push_back(value);  // clipped at 0 EV
    const double part = static_cast<double>(above.size()) / static_cast<double>(values.size());
    share += part / scenes;
    some_clipped += part > 0.0005 && part < 0.5 ? 1 : 0;
    std::sort(values.begin(), values.end());
    const float median = values[values.size() / 2], largest = values.back(), dark = values[values.size() / 100];
    wide += largest > 30 * median ? 1 : 0;
    bright += largest > 256 * dark ? 1 : 0;
    if (above.size() < 30) continue;
    ++clipped_scenes;
    std::sort(above.begin(), above.end());
    structured += above[above.size() * 9 / 10] > 1.2f * above[above.size() / 10] ? 1 : 0;
  }
  std::printf(
      "max > 30 x median: %d of %d; 8 stops: %d; something clipped: %d, %.1f %% of all values; structure: %d/%d\n",
      wide, scenes, bright, some_clipped, 100 * share, structured, clipped_scenes);
  EXPECT_GE(wide, scenes * 6 / 10);
  EXPECT_GE(bright, scenes * 6 / 10);
  EXPECT_GE(some_clipped, scenes * 8 / 10);
  EXPECT_GE(structured, clipped_scenes * 9 / 10);
  EXPECT_GT(share, 0.02);
  EXPECT_LT(share, 0.20);
}

/// No pair of pictures shares its colours: the mean colours of many scenes spread over warm and cold.
TEST(Scene, ColoursVary) {
  int warm = 0, cold = 0;
  for (std::uint64_t index = 0; index < 60; ++index) {
    const std::vector<float> values = procedural_scene(5, index, 24, 24).to_vector<float>();
    double red = 0, blue = 0;
    for (std::size_t i = 0; i < values.size(); i += 3) {
      red += static_cast<double>(values[i]);
      blue += static_cast<double>(values[i + 2]);
    }
    warm += red > 1.15 * blue ? 1 : 0;
    cold += blue > 1.15 * red ? 1 : 0;
  }
  EXPECT_GE(warm, 8);
  EXPECT_GE(cold, 8);
}

TEST(SceneNoise, IsSmoothAndWithinBounds) {
  const scene::Noise noise(Philox(1, 1));
  float before = noise.fractal(-3, 0.3f, 4), least = 1, most = 0;
  for (float x = -3; x < 30; x += 0.001f) {
    const float value = noise.fractal(x, 0.3f, 4);
    ASSERT_LT(std::abs(value - before), 0.02f) << x;
    before = value;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  EXPECT_GE(least, 0);
  EXPECT_LE(most, 1);
  EXPECT_GT(most - least, 0.4f);
}

TEST(SceneDraws, PowersOfTwo) {
  for (double x = -20; x < 20; x += 0.37) EXPECT_NEAR(scene::exp2_exact(x) / std::exp2(x), 1, 1e-12) << x;
}

}  // namespace
}  // namespace duhdr
