// SPDX-License-Identifier: Apache-2.0
// Metrics of light over clipped pixels, alignment of exposures, and whether two pictures lie on each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.h"
#include "metrics/clipped_mask.h"
#include "metrics/display_map.h"
#include "metrics/highlights.h"
#include "metrics/log_rmse.h"
#include "metrics/scale_fit.h"
#include "metrics/shift.h"

namespace duhdr {
namespace {

using Values = std::vector<float>;

Tensor picture(const Values& values) {
  return Tensor::of<float>(Shape{1, 1, static_cast<std::int64_t>(values.size() / 3), 3}, values);
}

Tensor grey(const Values& lights) {
  Values values;
  for (const float light : lights) values.insert(values.end(), 3, light);
  return picture(values);
}

Tensor mask(const std::vector<std::uint8_t>& values) {
  return Tensor::of<std::uint8_t>(Shape{1, 1, static_cast<std::int64_t>(values.size()), 1}, values);
}

TEST(ClippedMask, AsksTheLargestChannel) {
  const Tensor codes = picture({0, 0, 250.f / 255, 249.f / 255, 0, 0});
  EXPECT_EQ(clipped_codes(codes).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{1, 0}));
  EXPECT_EQ(clipped_light(picture({1, 1, 1, 0, 1.01f, 0})).to_vector<std::uint8_t>(),
            (std::vector<std::uint8_t>{0, 1}));
}

TEST(LogRmse, KnowsRegionsFloorsAndTheOffset) {
  const Tensor truth = grey({1, 1, 0.001f, 1}), estimate = grey({10, 1, 0.0001f, 0.1f});
  LogRmse rmse;
  rmse.add(estimate, truth, mask({1, 0, 0, 0}));
  EXPECT_NEAR(rmse.clipped(), 1, 1e-6);
  EXPECT_NEAR(rmse.unclipped(), std::sqrt(2 / 3.), 1e-6);
  EXPECT_NEAR(rmse.all(), std::sqrt(3 / 4.), 1e-6);
  EXPECT_NEAR(rmse.without_offset(), std::sqrt(3 / 4. - 1 / 16.), 1e-6);
  LogRmse floored(1 / 255.);
  floored.add(estimate, truth, mask({1, 0, 0, 0}));
  EXPECT_NEAR(floored.unclipped(), std::sqrt(1 / 3.), 1e-6);  // what is darker than 1/255 is equal
}

TEST(Highlights, AreEnergyAndStructure) {
  const Tensor truth = grey({2, 8, 0.5f}), estimate = grey({4, 4, 100});
  const auto found = highlights(estimate, truth, mask({1, 1, 0}));
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->energy, std::log2(8 / 10.), 1e-6);
  EXPECT_NEAR(found->structure, std::log10(2.0), 1e-6);  // of +-log10 2
}

TEST(Highlights, NoGainChangesStructure) {
  const Philox draws(3, 1);
  Values truth, estimate, brighter;
  for (std::uint64_t i = 0; i < 500; ++i) {
    truth.push_back(i % 7 == 0 ? 0 : static_cast<float>(std::pow(10, 3 * draws.uniform(2 * i))));
    estimate.push_back(i % 11 == 0 ? 0 : static_cast<float>(std::pow(10, 2 * draws.uniform(2 * i + 1))));
    brighter.push_back(4 * estimate.back());
  }
  const Tensor all = mask(std::vector<std::uint8_t>(500, 1));
  const auto before = highlights(grey(estimate), grey(truth), all),
             after = highlights(grey(brighter), grey(truth), all);
  EXPECT_NEAR(after->structure, before->structure, 1e-12);
  EXPECT_NEAR(after->energy, before->energy + 2, 1e-12);
}

TEST(Highlights, AreNotThereWithoutClippedPixelsAndFiniteInTheDark) {
  EXPECT_FALSE(highlights(grey({1, 2}), grey({1, 2}), mask({0, 0})));
  const auto black = highlights(grey({0, 0}), grey({1, 2}), mask({1, 1}));
  EXPECT_TRUE(std::isfinite(black->energy) && std::isfinite(black->structure));
}

TEST(DisplayMap, TakesTheExtremesToOneAnd999) {
  const Values mapped = mapped_by_extremes(picture({0.5f, 1, 2.5f})).to_vector<float>();
  EXPECT_NEAR(mapped[0], 1, 1e-4);
  EXPECT_NEAR(mapped[1], 1 + 998 * 0.25, 0.01);
  EXPECT_NEAR(mapped[2], 999, 0.01);
  const Values constant = mapped_by_extremes(grey({3, 3})).to_vector<float>();
  EXPECT_EQ(constant[0], 1);
}

TEST(DisplayMap, TakesThePermilleToOneAnd999) {
  Values values;
  for (int i = 0; i < 6000; ++i) values.push_back(static_cast<float>(i));  // k = 6: the values 5 and 5994
  const Values mapped = mapped_by_permille(picture(values)).to_vector<float>();
  EXPECT_NEAR(mapped[5], 1, 1e-3);
  EXPECT_NEAR(mapped[5994], 999, 1e-2);
  EXPECT_GT(mapped[5999], 999);
  EXPECT_NEAR(mapped[0], 1 - 5 * 998 / 5989., 1e-3);
}

TEST(ScaleFit, FindsTheGainOfTheMidTones) {
  Values truth, estimate, guide;
  std::vector<std::uint8_t> clipped;
  for (int i = 0; i < 100; ++i) {
    guide.push_back(static_cast<float>(i) / 100);
    truth.push_back(static_cast<float>(i + 1));
    const bool outside = i < 9 || i > 90 || i == 50;  // dark, bright, clipped
    clipped.push_back(i == 50);
    estimate.push_back(outside ? 1000 : truth.back() / 4);
  }
  EXPECT_NEAR(fitted_scale(grey(estimate), grey(truth), grey(guide), mask(clipped)), 4, 1e-6);
  EXPECT_EQ(fitted_scale(grey({0, 0}), grey({1, 2}), grey({1, 2}), mask({0, 0})), 1);
  EXPECT_EQ(fitted_scale(grey({1, 1}), grey({1, 2}), grey({1, 2}), mask({1, 1})), 1);
}

// ---------------------------------------------------------------------------------------------------------- shift

constexpr std::int64_t height = 150, width = 130;

/// A scene of random discs, looked at from (dx, dy), through a tone curve.
Tensor scene(std::int64_t dx, std::int64_t dy, const std::function<float(float)>& curve) {
  Tensor out(Shape{1, height, width, 3}, DType::f32);
  const Philox draws(9, 4);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      float light = 0.05f;
      for (std::uint64_t k = 0; k < 40; ++k) {
        const double px = 200 * draws.uniform(4 * k) - 30, py = 200 * draws.uniform(4 * k + 1) - 30;
        const double radius = 4 + 20 * draws.uniform(4 * k + 2);
        if (std::hypot(static_cast<double>(x - dx) - px, static_cast<double>(y - dy) - py) < radius)
          light = static_cast<float>(std::pow(10, 3 * draws.uniform(4 * k + 3) - 1.5));
      }
      for (int c = 0; c < 3; ++c) out.mutable_data<float>()[3 * (y * width + x) + c] = curve(light);
    }
  return out;
}

float same(float light) { return light; }
float photographed(float light) { return std::pow(std::min(light, 1.f), 1 / 2.2f); }

TEST(Shift, IsFoundThroughCurvesAndClipping) {
  const Tensor reference = scene(0, 0, same);
  for (const auto& [dx, dy] : {std::pair{0, 0}, {2, 0}, {0, -3}, {-7, 5}}) {
    for (const auto& curve : {same, photographed}) {
      const Shift shift = shift_between(scene(dx, dy, curve), reference);
      EXPECT_EQ(shift.x, dx);
      EXPECT_EQ(shift.y, dy);
    }
  }
}

TEST(Shift, IsNothingWhereNothingStandsOut) {
  const auto expect_none = [](const Tensor& a, const Tensor& b) {
    const Shift shift = shift_between(a, b);
    EXPECT_EQ(shift.x, 0);
    EXPECT_EQ(shift.y, 0);
  };
  const auto constant = [](float) { return 0.2f; };
  const Tensor reference = scene(0, 0, same);
  expect_none(scene(0, 0, constant), reference);
  expect_none(scene(0, 0, [](float) { return 0.f; }), reference);
  Tensor noise(reference.shape(), DType::f32);
  for (std::int64_t i = 0; i < noise.numel(); ++i)
    noise.mutable_data<float>()[i] = static_cast<float>(Philox(1, 1).uniform(static_cast<std::uint64_t>(i)));
  expect_none(noise, reference);
  expect_none(grey({1}), grey({2}));  // one pixel
}

}  // namespace
}  // namespace duhdr
