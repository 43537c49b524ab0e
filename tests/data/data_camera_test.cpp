// SPDX-License-Identifier: Apache-2.0
// The virtual camera and its curves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "data/curve_basis.h"
#include "data/draws.h"
#include "data/virtual_camera.h"
#include "kernels/camera/curve.h"

namespace duhdr {
namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  if (!a.defined() || !b.defined()) return a.defined() == b.defined();
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

Tensor constant(std::int64_t side, float value) { return Tensor::full({1, side, side, 3}, value, DType::f32); }

Tensor varied(std::int64_t height, std::int64_t width, std::uint64_t key = 1) {
  const Philox draws(key, 77);
  Tensor out({1, height, width, 3}, DType::f32);
  for (std::int64_t i = 0; i < out.numel(); ++i)
    out.mutable_data<float>()[i] = static_cast<float>(std::exp2(6 * draws.uniform(static_cast<std::uint64_t>(i)) - 3));
  return out;
}

/// No noise, no compression, 0 EV.
CameraOptions plain() { return {0, 0, 0, 0, 0, 0}; }

CameraCurves identity() {
  std::vector<double> line(curve_samples);
  for (std::size_t i = 0; i < line.size(); ++i) line[i] = static_cast<double>(i) / (curve_samples - 1);
  return {{line}, {line}};
}

// ---------------------------------------------------------------------------------------------------------- curves

TEST(Curves, SplitIsDisjointAndComplete) {
  std::vector<std::vector<double>> all;
  for (const ResponseFunction& curve : response_family())
    all.push_back(sample(curve, CurveDirection::forward, curve_samples));
  std::vector<std::vector<double>> dealt = training_curves().forward;
  for (const CameraCurves* kept : {&validation_curves(), &evaluation_curves()}) {
    EXPECT_EQ(kept->forward.size(), all.size() / 40);
    for (const auto& curve : kept->forward) EXPECT_EQ(std::count(dealt.begin(), dealt.end(), curve), 0);
    dealt.insert(dealt.end(), kept->forward.begin(), kept->forward.end());
  }
  std::sort(all.begin(), all.end());
  std::sort(dealt.begin(), dealt.end());
  EXPECT_EQ(dealt, all);
}

TEST(Curves, InverseUndoesTheCurveAtEveryGridPoint) {
  for (const CameraCurves* side : {&training_curves(), &validation_curves(), &evaluation_curves()})
    for (std::size_t i = 0; i < side->forward.size(); ++i) {
      ASSERT_EQ(side->inverse[i].size(), std::size_t{curve_samples});
      EXPECT_EQ(side->inverse[i].front(), 0.0);
      EXPECT_EQ(side->inverse[i].back(), 1.0);
      double worst = 0;
      for (int j = 0; j < curve_samples; ++j) {
        const double x = side->inverse[i][static_cast<std::size_t>(j)];
        const auto at = CurvePosition<double>::of(x, curve_samples);
        worst = std::max(worst, std::abs(at.value(side->forward[i].data()) - j / 1023.0));
      }
      EXPECT_LT(worst, 1e-12) << i;  // rounding of three divisions
    }
}

// ---------------------------------------------------------------------------------------------------------- camera

TEST(Camera, AppliesTheCurveAsTheNetworksDo) {
  const CameraCurves curves{{training_curves().forward[7]}, {training_curves().inverse[7]}};
  CameraOptions options;
  options.jpeg_lo = options.jpeg_hi = 0;
  const Sample photo = photograph(varied(40, 56), curves, options, draws_for(1, Purpose::camera, 0));
  std::vector<float> curve(curves.forward[0].begin(), curves.forward[0].end());
  const Variable applied = apply_curve(Variable(Tensor::of<float>({1, curve_samples}, curve)), Variable(photo.clipped));
  EXPECT_TRUE(same_bits(photo.encoded, applied.value()));

  int clipped = 0;
  for (std::int64_t i = 0; i < photo.hdr.numel(); ++i) {
    const float h = photo.hdr.data<float>()[i];
    ASSERT_GE(h, 0.0f);
    ASSERT_EQ(photo.clipped.data<float>()[i], std::min(1.0f, h));
    ASSERT_EQ(photo.ldr.data<float>()[i], std::floor(255.0f * photo.encoded.data<float>()[i] + 0.5f) / 255.0f);
    clipped += h > 1 ? 1 : 0;
  }
  EXPECT_GT(clipped, 0);
  for (int j = 0; j < curve_samples; ++j)
    ASSERT_EQ(photo.inverse_curve.data<float>()[j], static_cast<float>(curves.inverse[0][static_cast<std::size_t>(j)]));
}

TEST(Camera, CompressesAsJpeg) {
  Tensor smooth({1, 64, 64, 3}, DType::f32);
  for (std::int64_t i = 0; i < smooth.numel(); ++i)
    smooth.mutable_data<float>()[i] = 0.2f + 0.6f * static_cast<float>(i / 192 + i / 3 % 64) / 126;
  CameraOptions options = plain();
  double error[2] = {};
  for (const int quality : {100, 50}) {
    options.jpeg_lo = options.jpeg_hi = quality;
    const Sample photo = photograph(smooth, identity(), options, draws_for(1, Purpose::camera, 0));
    for (std::int64_t i = 0; i < photo.ldr.numel(); ++i) {
      const float code = 255.0f * photo.ldr.data<float>()[i];
      ASSERT_NEAR(code, std::round(code), 1e-4);
      ASSERT_EQ(photo.ldr.data<float>()[i], std::round(code) / 255.0f);
      error[quality / 100] += std::abs(code - 255.0f * photo.encoded.data<float>()[i]) / 12288.0;
    }
  }
  EXPECT_GT(error[1], 0.1);  // rounding alone costs 0.25
  EXPECT_LT(error[1], 1.0);
  EXPECT_GT(error[0], error[1]);
}

TEST(Camera, ExposesUniformlyInTheRangeAskedFor) {
  CameraOptions options = plain();
  options.exposure_lo = -3;
  options.exposure_hi = 3;
  std::vector<double> evs;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Sample photo = photograph(constant(2, 40.0f), identity(), options, draws_for(9, Purpose::camera, i));
    evs.push_back(std::log2(photo.hdr.data<float>()[0] / 0.5));
  }
  std::sort(evs.begin(), evs.end());
  EXPECT_GE(evs.front(), -3 - 1e-5);
  EXPECT_LE(evs.back(), 3 + 1e-5);
  for (std::size_t i = 0; i < evs.size(); ++i)
    EXPECT_NEAR(evs[i], -3 + 6 * (static_cast<double>(i) + 0.5) / 1000, 0.31);  // Kolmogorov-Smirnov at 1e-2
}

TEST(Camera, NormalisesTheMeanWhateverTheUnits) {
  const Tensor scene = varied(24, 24);
  Tensor scaled(scene.shape(), DType::f32);
  for (std::int64_t i = 0; i < scene.numel(); ++i) scaled.mutable_data<float>()[i] = 1024 * scene.data<float>()[i];
  for (const Tensor& from : {scene, scaled}) {
    const Sample photo = photograph(from, identity(), plain(), draws_for(1, Purpose::camera, 0));
    const std::vector<float> h = photo.hdr.to_vector<float>();
    EXPECT_NEAR(std::accumulate(h.begin(), h.end(), 0.0) / static_cast<double>(h.size()), 0.5, 1e-5);
  }
  const Sample black = photograph(constant(4, 0.0f), identity(), plain(), draws_for(1, Purpose::camera, 0));
  EXPECT_TRUE(same_bits(black.hdr, constant(4, 0.0f)));
  EXPECT_EQ(black.weight, 0.0f);
}

/// Variance of the noise of each channel on a flat scene of H = 0.5.
std::vector<double> noise_variance(const Tensor& hdr) {
  std::vector<double> variance(3);
  for (std::int64_t i = 0; i < hdr.numel(); ++i)
    variance[static_cast<std::size_t>(i % 3)] +=
        std::pow(hdr.data<float>()[i] - 0.5, 2) / static_cast<double>(hdr.numel() / 3);
  return variance;
}

TEST(Camera, NoiseHasTheStandardDeviationsAskedFor) {
  for (const bool by_signal : {true, false}) {
    CameraOptions options = plain();
    (by_signal ? options.signal_noise : options.constant_noise) = 0.02;
    const double full = by_signal ? 0.02 * 0.5 : 0.02;
    std::vector<double> shares;  // of the full deviation: U(0, 1) for each channel of each photograph
    for (std::uint64_t i = 0; i < 200; ++i) {
      const Sample photo = photograph(constant(64, 3.0f), identity(), options, draws_for(2, Purpose::camera, i));
      for (const double variance : noise_variance(photo.hdr)) shares.push_back(std::sqrt(variance) / full);
    }
    std::sort(shares.begin(), shares.end());
    for (std::size_t i = 0; i < shares.size(); ++i)
      EXPECT_NEAR(shares[i], (static_cast<double>(i) + 0.5) / 600, 0.07 + 0.05 * shares[i])
          << i << (by_signal ? " by signal" : " constant");
  }
}

TEST(Camera, StrengthsOfTheNoisesAreIndependent) {
  CameraOptions options[2] = {plain(), plain()};
  options[0].signal_noise = 0.04;
  options[1].constant_noise = 0.02;
  constexpr std::uint64_t count = 300;
  std::vector<std::vector<double>> strengths(6);  // by signal R G B, constant R G B: each U(0, 1), less its mean
  for (std::uint64_t i = 0; i < count; ++i)
    for (std::size_t kind = 0; kind < 2; ++kind) {
      const Sample photo = photograph(constant(32, 1.0f), identity(), options[kind], draws_for(4, Purpose::camera, i));
      const std::vector<double> variance = noise_variance(photo.hdr);
      for (std::size_t c = 0; c < 3; ++c) strengths[3 * kind + c].push_back(std::sqrt(variance[c]) / 0.02 - 0.5);
    }
  for (std::size_t a = 0; a < strengths.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const double product = std::inner_product(strengths[a].begin(), strengths[a].end(), strengths[b].begin(), 0.0);
      EXPECT_LT(std::abs(12 * product / count), 0.25) << a << " " << b;  // correlation; four standard errors
    }
}

TEST(Camera, NoisesAreIndependent) {
  CameraOptions both = plain(), signal = plain(), level = plain();
  both.signal_noise = signal.signal_noise = 0.04;
  both.constant_noise = level.constant_noise = 0.02;
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto take = [&](const CameraOptions& options) {
      return photograph(constant(128, 1.0f), identity(), options, draws_for(3, Purpose::camera, i)).hdr;
    };
    const auto sum = noise_variance(take(both)), s = noise_variance(take(signal)), c = noise_variance(take(level));
    for (std::size_t k = 0; k < 3; ++k)  // one field for both would give (sqrt(s) + sqrt(c))^2
      EXPECT_NEAR(sum[k], s[k] + c[k], 0.05 * sum[k]);

    const Tensor noisy = take(both);
    const float* h = noisy.data<float>();
    double channels = 0, pixels = 0;
    for (std::int64_t p = 0; p + 1 < 128 * 128; ++p) {
      channels += (h[3 * p] - 0.5) * (h[3 * p + 1] - 0.5);
      pixels += (h[3 * p] - 0.5) * (h[3 * p + 3] - 0.5);
    }
    EXPECT_LT(std::abs(channels) / 16384 / std::sqrt(sum[0] * sum[1]), 0.04);  // five standard errors
    EXPECT_LT(std::abs(pixels) / 16384 / sum[0], 0.04);
  }
}

TEST(Camera, DropsPhotographsThatAreMostlyOverOrUnderExposed) {
  const auto weight = [](std::int64_t pixels, float value, float rest) {
    Tensor image = constant(10, rest / 255.0f);
    std::fill_n(image.mutable_data<float>(), 3 * pixels, value / 255.0f);
    return exposure_weight(image);
  };
  EXPECT_EQ(weight(51, 249, 100), 0.0f);
  EXPECT_EQ(weight(50, 249, 100), 1.0f);
  EXPECT_EQ(weight(100, 248, 100), 1.0f);
  EXPECT_EQ(weight(51, 6, 100), 0.0f);
  EXPECT_EQ(weight(50, 6, 100), 1.0f);
  EXPECT_EQ(weight(100, 7, 100), 1.0f);
  EXPECT_EQ(weight(50, 255, 0), 1.0f);  // half over, half under: neither is more than half
  Tensor red = constant(4, 0.0f);
  for (std::int64_t i = 0; i < 16; ++i) red.mutable_data<float>()[3 * i] = 1.0f;
  EXPECT_EQ(exposure_weight(red), 1.0f);  // grey 76
}

}  // namespace
}  // namespace duhdr
