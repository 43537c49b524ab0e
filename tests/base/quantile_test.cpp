// SPDX-License-Identifier: Apache-2.0
#include "base/quantile.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace duhdr {
namespace {

TEST(Quantile, IsTheValueAtItsPlace) {
  std::vector<int> shuffled(101);
  for (std::size_t i = 0; i < shuffled.size(); ++i) shuffled[i] = static_cast<int>(i * 37 % 101);
  for (const double share : {0.0, 0.25, 0.5, 0.99, 1.0}) {
    std::vector<int> values = shuffled;
    EXPECT_EQ(quantile(std::span(values), share), static_cast<int>(100 * share)) << share;
  }
}

TEST(Quantile, TakesTheLowerOfTwoMiddles) {
  std::vector<float> values{4, 1, 3, 2};
  EXPECT_EQ(quantile(std::span(values), 0.5), 2);
  EXPECT_EQ(quantile(std::span(values), 0.99), 3) << "place floor(2.97) = 2";
  EXPECT_EQ(quantile(std::span(values), 1), 4);
}

TEST(Quantile, OfOneValueIsTheValue) {
  std::vector<float> values{7};
  for (const double share : {0.0, 0.5, 1.0}) EXPECT_EQ(quantile(std::span(values), share), 7);
}

TEST(Quantile, RefusesNothingAndSharesOutside) {
  std::vector<float> none, one{1};
  EXPECT_THROW(quantile(std::span(none), 0.5), Error);
  EXPECT_THROW(quantile(std::span(one), 1.1), Error);
  EXPECT_THROW(quantile(std::span(one), -0.1), Error);
}

}  // namespace
}  // namespace duhdr
