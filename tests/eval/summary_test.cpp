// SPDX-License-Identifier: Apache-2.0
// What the rows of an evaluation say: means, intervals, comparisons, remarks.
#include "eval/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/statistics.h"

namespace duhdr {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
using Values = std::vector<double>;  // of the pairs; NaN: not defined there

/// Methods "m0", "m1", ... with the given values of one metric.
Evaluation evaluation(const MetricColumn& metric, const std::vector<Values>& methods) {
  Evaluation out;
  out.metrics = {metric};
  for (std::size_t p = 0; p < methods[0].size(); ++p) out.pairs.push_back("p" + std::to_string(p));
  for (std::size_t m = 0; m < methods.size(); ++m) {
    MethodResult& method = out.methods.emplace_back();
    method.name = "m" + std::to_string(m);
    for (std::size_t p = 0; p < out.pairs.size(); ++p) {
      PairResult& result = method.pairs.emplace_back();
      result.pair = out.pairs[p];
      if (!std::isnan(methods[m][p])) result.values[metric.name] = methods[m][p];
    }
  }
  return out;
}

MetricColumn column(Better better = Better::higher, const std::string& name = "x") {
  return {name, name == "x" ? "X" : name, "", "", better};
}

std::vector<std::string> scenes_of(const Evaluation& evaluation) { return evaluation.pairs; }

void expect_summary(const Summary& summary, double mean, double low, double high, std::int64_t pairs) {
  EXPECT_EQ(summary.mean, mean);
  EXPECT_EQ(summary.low, low);
  EXPECT_EQ(summary.high, high);
  EXPECT_EQ(summary.pairs, pairs);
}

TEST(SummaryTest, MeansIntervalsAndComparisons) {
  const Values a{1, 2, 3, 6}, b{2, 2, 5, 9}, difference{1, 0, 2, 3};
  Evaluation both = evaluation(column(), {a, b});
  summarise(both, scenes_of(both));
  const Interval of_a = bootstrap_interval(a), of_difference = bootstrap_interval(difference);
  expect_summary(both.methods[0].summaries.at("x"), 3, of_a.low, of_a.high, 4);
  EXPECT_LT(of_a.low, 3);
  EXPECT_GT(of_a.high, 3);
  ASSERT_EQ(both.comparisons.size(), 1u);
  const Comparison& one = both.comparisons[0];
  EXPECT_EQ(one.metric + one.method + one.other, "xm1m0");
  EXPECT_EQ(one.difference, 1.5);
  EXPECT_EQ(one.low, of_difference.low);
  EXPECT_EQ(one.high, of_difference.high);
  EXPECT_EQ(one.p, 0.25);  // of 16 sign patterns the 4 that keep or turn the three that are not 0
  EXPECT_EQ(one.pairs, 4);
  EXPECT_TRUE(both.remarks.empty());
}

TEST(SummaryTest, EveryMethodAgainstTheFirst) {
  Evaluation three = evaluation(column(), {{1, 2}, {2, 3}, {4, 4}});
  summarise(three, scenes_of(three));
  ASSERT_EQ(three.comparisons.size(), 2u);
  EXPECT_EQ(three.comparisons[0].method + three.comparisons[1].method, "m1m2");
  EXPECT_EQ(three.comparisons[0].other + three.comparisons[1].other, "m0m0");
}

TEST(SummaryTest, NearerToZeroComparesMagnitudes) {
  Evaluation both = evaluation(column(Better::nearer_to_zero), {{-2, 2}, {1, -1}});
  summarise(both, scenes_of(both));
  EXPECT_EQ(both.methods[0].summaries.at("x").mean, 0);
  EXPECT_EQ(both.comparisons.at(0).difference, -1);
}

TEST(SummaryTest, OnePairOneMethod) {
  Evaluation one = evaluation(column(), {{5}});
  summarise(one, {"s"});
  expect_summary(one.methods[0].summaries.at("x"), 5, 5, 5, 1);
  EXPECT_TRUE(one.comparisons.empty());
  Evaluation two = evaluation(column(), {{5}, {7}});
  summarise(two, {"s"});
  EXPECT_EQ(two.comparisons.at(0).difference, 2);
  EXPECT_EQ(two.comparisons.at(0).low, 2);
  EXPECT_EQ(two.comparisons.at(0).p, 1);
}

TEST(SummaryTest, VersionsOfASceneAreOneDraw) {
  Evaluation versions = evaluation(column(), {{1, 3, 10}, {2, 6, 11}});
  summarise(versions, {"park", "park", "gym"});
  const Interval means = bootstrap_interval(Values{10, 2});  // scenes by name
  expect_summary(versions.methods[0].summaries.at("x"), 6, means.low, means.high, 3);
  EXPECT_EQ(versions.comparisons.at(0).difference, 1.5);
  EXPECT_EQ(versions.comparisons.at(0).pairs, 3);
  EXPECT_EQ(versions.comparisons.at(0).p, 0.5);  // two draws, not three
}

TEST(SummaryTest, ARefusalIsEverybodys) {
  Evaluation both = evaluation(column(), {{1, 2, 3}, {4, 5, 6}});
  both.methods[1].pairs[1].refusal = "shifted";
  both.methods[1].pairs[1].values.clear();
  both.pictures["p1"];
  both.pictures["p2"];
  summarise(both, scenes_of(both));
  for (const MethodResult& method : both.methods) {
    EXPECT_EQ(method.pairs[1].refusal, "shifted");
    EXPECT_TRUE(method.pairs[1].values.empty());
    EXPECT_EQ(method.summaries.at("x").pairs, 2);
  }
  EXPECT_EQ(both.methods[0].summaries.at("x").mean, 2);
  EXPECT_EQ(both.comparisons.at(0).pairs, 2);
  EXPECT_EQ(both.pictures.count("p1"), 0u);
  EXPECT_EQ(both.pictures.count("p2"), 1u);
}

TEST(SummaryTest, AMetricThatSomePairsDoNotDefine) {
  MetricColumn metric = column();
  metric.needs = "clipped pixels";
  Evaluation some = evaluation(metric, {{1, NAN, 3}, {2, NAN, 6}});
  summarise(some, scenes_of(some));
  EXPECT_EQ(some.methods[0].summaries.at("x").mean, 2);
  EXPECT_EQ(some.methods[0].summaries.at("x").pairs, 2);
  EXPECT_EQ(some.comparisons.at(0).pairs, 2);
  EXPECT_EQ(some.remarks, (std::vector<std::string>{
                              "X: not defined for 1 of 3 pairs, needs clipped pixels; its means are over the others"}));
  Evaluation none = evaluation(metric, {{NAN}, {NAN}});
  summarise(none, scenes_of(none));
  EXPECT_TRUE(none.methods[0].summaries.empty());
  EXPECT_TRUE(none.comparisons.empty());
  EXPECT_EQ(none.remarks, (std::vector<std::string>{"X: not defined for 1 of 1 pairs, needs clipped pixels"}));
}

TEST(SummaryTest, InfinitePsnr) {
  Evaluation truth = evaluation(column(), {{30, 40}, {inf, inf}, {31, inf}});
  summarise(truth, scenes_of(truth));
  expect_summary(truth.methods[1].summaries.at("x"), inf, inf, inf, 2);
  EXPECT_EQ(truth.methods[2].summaries.at("x").mean, inf);
  EXPECT_EQ(truth.methods[2].summaries.at("x").low, 31);
  EXPECT_TRUE(truth.comparisons.empty());
  ASSERT_EQ(truth.remarks.size(), 2u);
  EXPECT_EQ(truth.remarks[0], "X: m1 and m0 are not compared, as their difference is infinite (equal pictures)");
  Evaluation equal = evaluation(column(), {{inf, 30}, {inf, 31}});  // both are the truth of the first pair
  summarise(equal, scenes_of(equal));
  EXPECT_EQ(equal.comparisons.at(0).difference, 0.5);
  EXPECT_TRUE(equal.remarks.empty());
}

/// energy and structure of "true-curve" and of "other" on four pairs.
Evaluation gains(const Values& energy, const Values& structure) {
  Evaluation out = evaluation(column(Better::nearer_to_zero, "energy"), {{-2, -3, -2, -1}, energy});
  out.metrics.push_back(column(Better::lower, "structure"));
  out.methods[0].name = "true-curve";
  out.methods[1].name = "other";
  const Values base{0.5, 0.4, 0.5, 0.6};
  for (std::size_t p = 0; p < 4; ++p) {
    out.methods[0].pairs[p].values["structure"] = base[p];
    out.methods[1].pairs[p].values["structure"] = structure[p];
  }
  summarise(out, out.pairs);
  return out;
}

TEST(SummaryTest, AGainIsCalledOne) {
  const Values same{0.5, 0.4, 0.5, 0.6};
  const Evaluation gain = gains({0, -1, 0, 0.5}, {0.5 - 1e-9, 0.4, 0.5, 0.6});
  ASSERT_EQ(gain.remarks.size(), 1u);
  EXPECT_EQ(gain.remarks[0].find("other: nearer to the true energy of highlights than true-curve without"), 0u);
  EXPECT_EQ(gains({0, -1, 0, 0.5}, {0.6, 0.5, 0.6, 0.7}).remarks.size(), 1u);  // worse than before
  EXPECT_TRUE(gains({0, -1, 0, 0.5}, {0.3, 0.2, 0.3, 0.4}).remarks.empty());   // nearer to both
  EXPECT_EQ(gains({0, -1, 4, 1}, same).remarks.size(), 1u);                    // too much for one, better by the mean
  EXPECT_TRUE(gains({-3, -4, -3, -2}, same).remarks.empty());                  // less light
  EXPECT_TRUE(gains({4, 6, 5, 3}, same).remarks.empty());                      // too much of it
  Evaluation without_base = gains({0, -1, 0, 0.5}, same);
  for (MethodResult& method : without_base.methods) method.name += "x";
  without_base.remarks.clear();
  without_base.comparisons.clear();
  summarise(without_base, without_base.pairs);
  EXPECT_TRUE(without_base.remarks.empty());
}

}  // namespace
}  // namespace duhdr
