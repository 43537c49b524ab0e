// SPDX-License-Identifier: Apache-2.0
// Metrics of what is seen, against values of an independent program (tests/golden/make_metrics.py) and of their papers.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "image/pq.h"
#include "metrics/crf_correction.h"
#include "metrics/delta_e_itp.h"
#include "metrics/psnr.h"
#include "metrics/pu21.h"
#include "metrics/ssim.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"
#include "tests/golden/fill.h"

namespace duhdr {
namespace {

constexpr double agreement = 1e-5;  // relative: PU21 units are kept as floats

struct Golden {
  TensorFile file = read_safetensors(std::string(DUHDR_TEST_DATA) + "/golden/data/metrics.safetensors");
  Tensor estimate = file.tensors.at("estimate"), truth = file.tensors.at("truth");
  double value(const std::string& name) const { return file.tensors.at(name).to_vector<double>().at(0); }
};

void expect_near(double value, double golden) { EXPECT_NEAR(value, golden, agreement * std::abs(golden)); }

Tensor filled(float value, std::int64_t height = 20, std::int64_t width = 24) {
  const Shape shape{1, height, width, 3};
  return Tensor::of<float>(shape, std::vector<float>(static_cast<std::size_t>(3 * height * width), value));
}

TEST(Pu21, HasTheCheckValuesOfItsPaper) {
  const std::vector<std::pair<double, double>> rows{{.01, .372232},     {.1, 5.717074},     {1, 36.543911},
                                                    {10, 123.647484},   {100, 256.383897},  {1000, 420.096921},
                                                    {4000, 527.493901}, {10000, 595.393920}};
  for (const auto& [luminance, units] : rows) {
    EXPECT_NEAR(pu21(luminance), units, 1e-6);
    EXPECT_NEAR(pu21_inverse(pu21(luminance)), luminance, 1e-6 * luminance);
  }
  EXPECT_EQ(pu21(0), pu21(.005));  // clamped
  EXPECT_EQ(pu21(1e9), pu21(10000));
}

TEST(Pq, GoesThereAndBack) {
  EXPECT_NEAR(pq(10000), 1, 1e-12);
  EXPECT_NEAR(pq(100), .508078, 1e-6);  // ST 2084
  for (const double luminance : {.005, 1.0, 203.0, 4000.0})
    EXPECT_NEAR(pq_inverse(pq(luminance)), luminance, 1e-9 * luminance);
}

TEST(Perceptual, AgreesWithAnIndependentProgram) {
  const Golden golden;
  expect_near(pu21_psnr(golden.estimate, golden.truth), golden.value("pu21-psnr"));
  expect_near(pu21_psnr_y(golden.estimate, golden.truth), golden.value("pu21-psnr-y"));
  expect_near(pu21_ssim(golden.estimate, golden.truth), golden.value("pu21-ssim"));
  expect_near(pu21_ms_ssim(golden.estimate, golden.truth), golden.value("pu21-ms-ssim"));
  expect_near(mu_law_psnr(golden.estimate, golden.truth), golden.value("mu-psnr"));
  expect_near(delta_e_itp(golden.estimate, golden.truth), golden.value("delta-e-itp"));
}

TEST(CrfCorrection, AgreesWithAnIndependentProgram) {
  const Golden golden;
  const std::vector<double> wanted = golden.file.tensors.at("crf-corrected").to_vector<double>();
  const std::vector<float> got = crf_corrected(golden.estimate, golden.truth).to_vector<float>();
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(static_cast<double>(got[i]), wanted[i], agreement * wanted[i] + 1e-6) << i;
}

TEST(CrfCorrection, OfTheTruthIsTheTruth) {
  const Golden golden;
  const std::vector<float> got = crf_corrected(golden.truth, golden.truth).to_vector<float>();
  const std::vector<float> truth = golden.truth.to_vector<float>();
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], truth[i], 1e-4f * truth[i] + 1e-4f) << i;
}

TEST(CrfCorrection, OfConstantPicturesIsFinite) {
  for (const float light : {0.f, 1.f, 5000.f})
    for (const float value : crf_corrected(filled(light), filled(100)).to_vector<float>()) {
      EXPECT_TRUE(std::isfinite(value)) << light;
      EXPECT_GE(value, 0) << light;
    }
}

TEST(CrfCorrection, DoesNotDependOnTheNumberOfThreads) {
  constexpr std::int64_t side = 200;  // more than one block of sums
  Tensor estimate(Shape{1, side, side, 3}, DType::f32), truth(estimate.shape(), DType::f32);
  const auto values = [](Tensor& picture) {
    return std::span(picture.mutable_data<float>(), static_cast<std::size_t>(picture.numel()));
  };
  golden::fill("crf/estimate", {0.1, 900}, values(estimate));
  golden::fill("crf/truth", {0.1, 900}, values(truth));
  const int threads = pool_threads();
  set_pool_threads(1);
  const std::vector<float> alone = crf_corrected(estimate, truth).to_vector<float>();
  set_pool_threads(4);
  EXPECT_EQ(crf_corrected(estimate, truth).to_vector<float>(), alone);
  set_pool_threads(threads);
}

TEST(Perceptual, EqualPicturesAreTheBestThereIs) {
  const Golden golden;
  EXPECT_EQ(pu21_psnr(golden.truth, golden.truth), std::numeric_limits<double>::infinity());
  EXPECT_EQ(mu_law_psnr(golden.truth, golden.truth), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(pu21_ssim(golden.truth, golden.truth), 1, 1e-12);
  EXPECT_NEAR(pu21_ms_ssim(golden.truth, golden.truth), 1, 1e-12);
  EXPECT_EQ(delta_e_itp(golden.truth, golden.truth), 0);
}

TEST(Perceptual, NegativeLightIsBlackToTheMuLaw) {
  EXPECT_EQ(mu_law_psnr(filled(-3), filled(100)), mu_law_psnr(filled(0), filled(100)));
}

TEST(Perceptual, BlackAndConstantPicturesHaveNumbers) {
  EXPECT_TRUE(std::isfinite(pu21_psnr(filled(0), filled(100))));
  EXPECT_NEAR(pu21_ssim(filled(100), filled(100)), 1, 1e-12);
  EXPECT_LT(pu21_ssim(filled(0), filled(100)), 0.01);
  EXPECT_GE(pu21_ms_ssim(filled(0), filled(100)), 0);
  EXPECT_TRUE(std::isfinite(delta_e_itp(filled(0), filled(10000))));
}

TEST(Perceptual, TheNumberOfThreadsDoesNotMatter) {
  const Golden golden;
  const auto all = [&] {
    return std::vector<double>{pu21_psnr(golden.estimate, golden.truth), pu21_ssim(golden.estimate, golden.truth),
                               mu_law_psnr(golden.estimate, golden.truth), delta_e_itp(golden.estimate, golden.truth)};
  };
  const int threads = pool_threads();
  set_pool_threads(1);
  const std::vector<double> alone = all();
  set_pool_threads(4);
  EXPECT_EQ(all(), alone);
  set_pool_threads(threads);
}

}  // namespace
}  // namespace duhdr
