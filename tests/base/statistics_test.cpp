// SPDX-License-Identifier: Apache-2.0
#include "base/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/duration.h"
#include "base/random.h"

namespace duhdr {
namespace {

std::vector<double> normal(std::size_t count, double mean, std::uint64_t stream) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(mean + Philox(7, stream).normal(i));
  return values;
}

TEST(Bootstrap, IntervalIsAboutThatOfTheNormalDistribution) {
  const Interval interval = bootstrap_interval(normal(400, 3, 1));
  EXPECT_NEAR(interval.high - interval.low, 2 * 1.96 / 20, 0.02);
  EXPECT_NEAR((interval.high + interval.low) / 2, interval.mean, 0.01);
  EXPECT_NEAR(interval.mean, 3, 0.2);
}

TEST(Bootstrap, HasNoWidthForOneValueAndNothingForNone) {
  const Interval one = bootstrap_interval(std::vector{2.5}), none = bootstrap_interval({});
  EXPECT_EQ(one.low, 2.5);
  EXPECT_EQ(one.high, 2.5);
  EXPECT_EQ(none.mean, 0);
}

TEST(SignFlip, CountsEveryPatternOfAFewDifferences) {
  EXPECT_EQ(sign_flip_p(std::vector{1., 2., 3., 4., 5.}), 2 / 32.);
  EXPECT_EQ(sign_flip_p(std::vector{1., -1.}), 1);
  EXPECT_EQ(sign_flip_p(std::vector{0.1, 0.2, -0.3}), 1);  // a sum of 0 but for rounding
  EXPECT_EQ(sign_flip_p({}), 1);
  EXPECT_EQ(sign_flip_p(std::vector(16, 1.)), 2 / 65536.);
}

TEST(SignFlip, OfManyDifferencesIsNearTheExactOne) {
  EXPECT_LT(sign_flip_p(normal(60, 0.8, 2)), 0.001);
  EXPECT_GT(sign_flip_p(normal(60, 0.8, 2)), 0);  // the given pattern counts
  std::vector<double> even = normal(30, 1, 3);
  for (std::size_t i = 0; i < 30; ++i) even.push_back(-even[i]);
  EXPECT_GT(sign_flip_p(even), 0.9);
}

TEST(Duration, IsWhatPeopleSay) {
  EXPECT_EQ(duration(11.6), "12 s");
  EXPECT_EQ(duration(200), "3 min 20 s");
  EXPECT_EQ(duration(3723), "1 h 2 min");
}

}  // namespace
}  // namespace duhdr
