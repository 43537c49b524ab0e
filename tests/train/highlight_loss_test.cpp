// SPDX-License-Identifier: Apache-2.0
// Losses over clipped pixels: against the metrics that they stand for, their gradients against differences, what does
// not count, and what each of them sees.
#include "train/highlight_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "metrics/clipped_mask.h"
#include "metrics/highlights.h"
#include "metrics/log_rmse.h"

namespace duhdr {
namespace {

// Of the terms, as train/highlight_loss.* says them.
constexpr double log_shift = 1.0 / 255, least_square = 1e-8;

struct Term {
  const char* name;
  HighlightWeights weights;
};
constexpr Term all_terms[] = {{"highlight_log", {.log = 1}},
                              {"highlight_structure", {.structure = 1}},
                              {"highlight_energy", {.energy = 1}},
                              {"highlight_gradient", {.gradient = 1}},
                              {"highlight_colour", {.colour = 1}}};

Tensor image_weights(const std::vector<float>& values) {
  return Tensor::of<float>(Shape{static_cast<std::int64_t>(values.size()), 1, 1, 1}, values);
}

/// The only term, of weight 1.
Variable term_of(const Term& term, const Variable& estimate, const Variable& target, const Tensor& images) {
  const LossTerms terms = highlight_terms(estimate, target, term.weights, images);
  EXPECT_EQ(terms.size(), 1u) << term.name;
  EXPECT_EQ(terms.front().name, term.name);
  EXPECT_EQ(terms.front().weight, 1);
  return terms.front().value;
}

double value_of(const Term& term, const Tensor& estimate, const Tensor& target, const Tensor& images) {
  return term_of(term, Variable(estimate.to(DType::f64)), Variable(target.to(DType::f64)), images).value().item();
}

double value_of(const Term& term, const Tensor& estimate, const Tensor& target) {
  return value_of(term, estimate, target,
                  image_weights(std::vector<float>(static_cast<std::size_t>(target.shape().n()), 1)));
}

/// A tenth of the pixels clipped, their channels from `least` to 1000 in even decades and one of them above 1; the
/// others below 0.99, so that none lies in the ramp of the mask.
Tensor light(const Shape& shape, std::uint64_t key, double least = 0.5) {
  const Philox draws(key, 3);
  std::uint64_t next = 0;
  const auto draw = [&] { return draws.uniform(next++); };
  Tensor out(shape, DType::f32);
  for (std::int64_t pixel = 0; pixel < out.numel() / 3; ++pixel) {
    float* rgb = out.mutable_data<float>() + 3 * pixel;
    const bool clipped = draw() < 0.1;
    for (int c = 0; c < 3; ++c)
      rgb[c] = static_cast<float>(clipped ? least * std::pow(1e3 / least, draw()) : 0.99 * draw());
    if (clipped) rgb[1] = std::max(rgb[1], 1.01f);
  }
  return out;
}

/// An estimate of it: every value times 10^(-0.5 ... 1), but not below `least` where the target is clipped.
Tensor estimate_of(const Tensor& target, std::uint64_t key, double least = 0.5) {
  const Philox draws(key, 4);
  const Tensor clipped = clipped_light(target);
  Tensor out = target.clone();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    float& x = out.mutable_data<float>()[i];
    x *= static_cast<float>(std::pow(10, 1.5 * draws.uniform(static_cast<std::uint64_t>(i)) - 0.5));
    if (clipped.data<std::uint8_t>()[i / 3] != 0) x = std::max(x, static_cast<float>(least));
  }
  return out;
}

// ------------------------------------------------------------------------------------------------- against the metrics

/// log10((a + 1/255) / a), a >= least: by how much the floor moves a logarithm at most. The ratio of two moves by less.
double of_floor(double least) { return std::log10(1 + log_shift / least); }

/// Luminance has other weights here (0.213, 0.715, 0.072) than in metrics (0.212656, 0.715158, 0.072186): a luminance
/// is some channels' mean, so it differs by a factor between the least and the largest of the weights' ratios, and the
/// ratio of two luminances by one of these over the other.
const double of_luminance = [] {
  const auto [least, most] = std::minmax({0.213 / 0.212656, 0.715 / 0.715158, 0.072 / 0.072186});
  return std::log10(most / least);
}();

/// sqrt(x^2 + 1e-8) - x
double of_root(double x) { return std::sqrt(x * x + least_square) - x; }

/// Root mean squares and standard deviations are norms: values that move by d at most move them by d at most.
TEST(Highlights, AreTheMetrics) {
  constexpr double least = 0.5;
  for (const std::uint64_t key : {1u, 2u, 3u}) {
    const Tensor target = light({1, 24, 33, 3}, key, least), estimate = estimate_of(target, key, least);
    const auto metrics = highlights(estimate, target, clipped_light(target));
    ASSERT_TRUE(metrics.has_value());
    LogRmse log_rmse;
    log_rmse.add(estimate, target);
    ASSERT_GT(log_rmse.clipped_pixels(), 50);

    EXPECT_NEAR(value_of(all_terms[0], estimate, target), log_rmse.clipped(),
                of_floor(least) + of_root(log_rmse.clipped()));
    EXPECT_NEAR(value_of(all_terms[1], estimate, target), metrics->structure,
                of_floor(least) + of_luminance + of_root(metrics->structure));
    EXPECT_NEAR(value_of(all_terms[2], estimate, target), std::abs(metrics->energy) * std::log10(2),
                of_floor(least) + of_luminance);
    EXPECT_GT(log_rmse.clipped(), 0.3);  // the tolerances are 0.005 at most
    EXPECT_GT(metrics->structure, 0.2);
    EXPECT_GT(std::abs(metrics->energy), 0.2);
  }
}

Tensor pixels(const std::vector<double>& greys) {
  std::vector<double> values;
  for (const double grey : greys) values.insert(values.end(), 3, grey);
  return Tensor::of<double>(Shape{1, 1, static_cast<std::int64_t>(greys.size()), 3}, values);
}

/// log10((a + 1/255) / (b + 1/255))
double decades(double a, double b) { return std::log10((a + log_shift) / (b + log_shift)); }

TEST(Highlights, CountPixelsInTheRampByTheirShare) {  // it begins at 0.999: 0.9994 is 0.4 of it
  const Tensor target = pixels({10, 0.9994, 0.9}), estimate = pixels({30, 5, 0.1});
  const double a = decades(30, 10), b = decades(5, 0.9994), mean = (a + 0.4 * b) / 1.4;
  EXPECT_NEAR(value_of(all_terms[0], estimate, target), std::sqrt((a * a + 0.4 * b * b) / 1.4 + least_square), 1e-12);
  EXPECT_NEAR(value_of(all_terms[1], estimate, target),
              std::sqrt(((a - mean) * (a - mean) + 0.4 * (b - mean) * (b - mean)) / 1.4 + least_square), 1e-12);
  EXPECT_NEAR(value_of(all_terms[2], estimate, target), decades((30 + 0.4 * 5) / 1.4, (10 + 0.4 * 0.9994) / 1.4),
              1e-12);
}

TEST(Highlights, EnergyEndsAtTwoDecades) {
  EXPECT_NEAR(value_of(all_terms[2], pixels({900}), pixels({10})), decades(900, 10), 1e-12);
  EXPECT_EQ(value_of(all_terms[2], pixels({2000}), pixels({10})), 2);
  EXPECT_EQ(value_of(all_terms[2], pixels({0.001}), pixels({1000})), 2);
}

TEST(Highlights, ColourIsTheAngle) {
  const std::vector<double> wanted{3, 0, 4, 0.1, 0.2, 0.3}, given{4, 3, 0, 0.3, 0.2, 0.1};
  const Tensor target = Tensor::of<double>(Shape{1, 1, 2, 3}, wanted),
               estimate = Tensor::of<double>(Shape{1, 1, 2, 3}, given);
  EXPECT_NEAR(value_of(all_terms[4], estimate, target), 1 - 12.0 / 25, 1e-12);  // the second pixel is not clipped
}

// ----------------------------------------------------------------------------------------------------------- gradients

TEST(Highlights, GradientIsTheDerivative) {
  const Shape shape{2, 16, 17, 3};  // four scales of the gradient term, one of them with a column that is dropped
  const Tensor target = light(shape, 11).to(DType::f64), start = estimate_of(light(shape, 11), 11).to(DType::f64);
  const Tensor images = image_weights({1, 0.5});
  for (const Term& term : all_terms) {
    const Variable estimate(start.clone(), true), wanted(target, true);
    term_of(term, estimate, wanted, images).backward();
    ASSERT_TRUE(estimate.grad().defined()) << term.name;
    EXPECT_FALSE(wanted.grad().defined()) << term.name << ": the target is a constant";
    double largest = 0;
    for (std::int64_t i = 0; i < start.numel(); i += 2) {
      const auto at = [&](double step) {
        const NoGrad no_grad;
        Tensor moved = start.clone();
        moved.mutable_data<double>()[i] += step;
        return term_of(term, Variable(moved), Variable(target), images).value().item();
      };
      constexpr double step = 1e-6;
      const double numeric = (at(step) - at(-step)) / (2 * step), analytic = estimate.grad().data<double>()[i];
      // The two values are rounded to 1e-16, which the step makes 1e-10.
      ASSERT_NEAR(analytic, numeric, 1e-9 + 1e-6 * std::abs(numeric)) << term.name << ", value " << i;
      largest = std::max(largest, std::abs(analytic));
    }
    EXPECT_GT(largest, 1e-5) << term.name;
  }
}

// ------------------------------------------------------------------------------------------------- what does not count

/// Two pictures as a batch.
Tensor batch_of(const Tensor& first, const Tensor& second) {
  std::vector<float> values = first.to_vector<float>();
  for (const float value : second.to_vector<float>()) values.push_back(value);
  return Tensor::of<float>(first.shape().with(0, 2), values);
}

TEST(Highlights, ImagesOfWeightZeroDoNotCount) {
  const Shape shape{1, 16, 16, 3};
  const Tensor target = light(shape, 21), estimate = estimate_of(target, 21), other = light(shape, 22);
  const Tensor targets = batch_of(target, light(shape, 23)), estimates = batch_of(estimate, other);
  for (const Term& term : all_terms) {
    const Variable x(estimates.to(DType::f64), true);
    const Variable value = term_of(term, x, Variable(targets.to(DType::f64)), image_weights({1, 0}));
    EXPECT_NEAR(value.value().item(), value_of(term, estimate, target), 1e-12) << term.name;
    EXPECT_GT(std::abs(value_of(term, estimates, targets) - value.value().item()), 1e-3) << term.name;
    value.backward();
    for (std::int64_t i = target.numel(); i < targets.numel(); ++i)
      ASSERT_EQ(x.grad().data<double>()[i], 0) << term.name << ", value " << i;
    EXPECT_EQ(value_of(term, estimates, targets, image_weights({0, 0})), 0) << term.name;
  }
}

TEST(Highlights, OnlyClippedPixelsCount) {
  Tensor target = Tensor::full(Shape{1, 8, 8, 3}, 0.5, DType::f64), estimate = target.clone(), other = target.clone();
  for (std::int64_t c = 0; c < 3; ++c) {  // the pixel in the corner
    target.mutable_data<double>()[c] = 20;
    estimate.mutable_data<double>()[c] = other.mutable_data<double>()[c] = 40;
  }
  for (std::int64_t i = 3 * 32; i < other.numel(); ++i)
    other.mutable_data<double>()[i] = 0.001 * static_cast<double>(i);
  for (const Term& term : all_terms) {
    if (term.weights.gradient > 0) continue;  // its coarse scales see the neighbourhood
    EXPECT_EQ(value_of(term, estimate, target), value_of(term, other, target)) << term.name;
  }
}

TEST(Highlights, PicturesWithoutClippedPixelsGiveNoGradient) {
  Tensor dark = Tensor::full(Shape{1, 16, 16, 3}, 0, DType::f32);
  for (std::int64_t i = 0; i < dark.numel(); ++i) dark.mutable_data<float>()[i] = 0.0012f * static_cast<float>(i);
  const Tensor clipped = light({1, 16, 16, 3}, 31), estimate = estimate_of(clipped, 31);
  for (const Term& term : all_terms)
    for (const DType dtype : {DType::f32, DType::f64}) {
      const bool root = term.weights.log > 0 || term.weights.structure > 0;
      const Variable x(estimate.to(dtype), true);
      const Variable alone = term_of(term, x, Variable(dark.to(dtype)), image_weights({1}));
      EXPECT_NEAR(alone.value().item(), root ? std::sqrt(least_square) : 0, 1e-9) << term.name;
      alone.backward();
      for (const double slope : x.grad().to(DType::f64).to_vector<double>()) ASSERT_EQ(slope, 0) << term.name;
    }
  for (const Term& term : all_terms) {  // beside a picture with clipped pixels
    const Variable x(batch_of(estimate, estimate), true);
    term_of(term, x, Variable(batch_of(clipped, dark)), image_weights({1, 1})).backward();
    for (std::int64_t i = 0; i < x.grad().numel(); ++i) {
      ASSERT_TRUE(std::isfinite(x.grad().data<float>()[i])) << term.name;
      if (i < clipped.numel()) continue;
      ASSERT_EQ(x.grad().data<float>()[i], 0) << term.name;
    }
  }
}

TEST(Highlights, BlackAndPerfectEstimatesHaveFiniteGradients) {
  const Tensor target = light({1, 16, 16, 3}, 41);
  for (const Tensor& estimate : {Tensor::zeros(target.shape(), DType::f32), target.clone()})
    for (const Term& term : all_terms) {
      const Variable x(estimate.clone(), true), value = term_of(term, x, Variable(target), image_weights({1}));
      EXPECT_TRUE(std::isfinite(value.value().item())) << term.name;
      value.backward();
      for (const float slope : x.grad().to_vector<float>()) ASSERT_TRUE(std::isfinite(slope)) << term.name;
    }
}

TEST(Highlights, PicturesOfOneRowHaveNoGradientTerm) {
  for (const Shape& shape : {Shape{1, 1, 9, 3}, Shape{1, 9, 1, 3}, Shape{1, 1, 1, 3}}) {
    const Variable x(Tensor::full(shape, 5, DType::f64), true);
    const Variable value = term_of(all_terms[3], x, Variable(Tensor::full(shape, 7, DType::f64)), image_weights({1}));
    EXPECT_EQ(value.value().item(), 0);
    value.backward();
    for (const double slope : x.grad().to_vector<double>()) EXPECT_EQ(slope, 0);
  }
}

// ------------------------------------------------------------------------------------------------ what each of them
// sees

/// The floor of light moves log10(gain) by log10(1 + 1/255 / light) at most, and a pair of values by no more.
TEST(Highlights, GainsAreNeitherStructureNorGradient) {
  constexpr double least = 50, gain = 3;
  Tensor target = light({1, 16, 16, 3}, 51, least).to(DType::f64), estimate = target.clone();
  for (std::int64_t i = 0; i < target.numel(); ++i) {
    double& x = target.mutable_data<double>()[i];
    x = std::max(x, least);  // clipped everywhere: there is no edge
    estimate.mutable_data<double>()[i] = gain * x;
  }
  const double floor = of_floor(least);
  EXPECT_LT(value_of(all_terms[1], estimate, target), std::sqrt(floor * floor + least_square));
  EXPECT_LT(value_of(all_terms[3], estimate, target), 2 * 4 * floor);  // two directions, four scales
  EXPECT_NEAR(value_of(all_terms[4], estimate, target), 0, 1e-12);
  EXPECT_NEAR(value_of(all_terms[0], estimate, target), std::log10(gain), floor + of_root(std::log10(gain)));
  EXPECT_NEAR(value_of(all_terms[2], estimate, target), std::log10(gain), floor);
}

/// 4 x 4 clipped pixels of 16 x 16, three times too bright; the light around them is right. Every scale sees the jump
/// on both sides of the square, where it has pairs of neighbours: 2 of 5, 2 of 3, 2 of 2, and 1 of 1 of a quarter's
/// jump where the picture is 2 x 2.
TEST(Highlights, GradientSeesTheRim) {
  Tensor target = Tensor::full(Shape{1, 16, 16, 3}, 0.5, DType::f64), estimate = target.clone();
  const auto set = [](Tensor& picture, std::int64_t y, std::int64_t x, double value) {
    for (std::int64_t c = 0; c < 3; ++c) picture.mutable_data<double>()[3 * (16 * y + x) + c] = value;
  };
  for (std::int64_t y = 4; y < 8; ++y)
    for (std::int64_t x = 4; x < 8; ++x) {
      set(target, y, x, 10);
      set(estimate, y, x, 30);
    }
  const double jump = decades(30, 10);
  EXPECT_NEAR(value_of(all_terms[3], estimate, target), 2 * jump * (2.0 / 5 + 2.0 / 3 + 1 + 1.0 / 4), 1e-12);
  EXPECT_NEAR(value_of(all_terms[1], estimate, target), std::sqrt(least_square), 1e-12);  // which sees nothing here
  EXPECT_NEAR(value_of(all_terms[3], target, target), 0, 1e-12);
}

TEST(Highlights, EveryWeightHasItsTerm) {
  const Tensor target = light({1, 16, 16, 3}, 61), estimate = estimate_of(target, 61);
  const HighlightWeights weights{.log = 2, .structure = 3, .energy = 5, .gradient = 7, .colour = 11};
  double expected = 0;
  const double factors[] = {2, 3, 5, 7, 11};
  for (std::size_t i = 0; i < std::size(all_terms); ++i)
    expected += factors[i] * value_of(all_terms[i], estimate, target);
  const LossTerms terms =
      highlight_terms(Variable(estimate.to(DType::f64)), Variable(target.to(DType::f64)), weights, image_weights({1}));
  EXPECT_EQ(terms.size(), 5u);
  EXPECT_NEAR(total(terms).value().item(), expected, 1e-9);
  EXPECT_TRUE(weights.any());
  EXPECT_FALSE(HighlightWeights().any());
  for (const Term& term : all_terms) EXPECT_TRUE(term.weights.any()) << term.name;
  EXPECT_TRUE(highlight_terms(Variable(estimate), Variable(target), {}, image_weights({1})).empty());
}

}  // namespace
}  // namespace duhdr
