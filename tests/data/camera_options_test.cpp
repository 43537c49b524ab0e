// SPDX-License-Identifier: Apache-2.0
// What the virtual camera can do beyond HDR-Synth's, and that without being told it does not.
#include <cmath>
#include <numeric>

#include "data/curve_basis.h"
#include "data/exposure.h"
#include "data/optics.h"
#include "image/colour.h"
#include "image/image.h"
#include "tests/support/data_files.h"

namespace duhdr {
namespace {

/// No noise, no compression, 0 EV.
CameraOptions plain() { return {0, 0, 0, 0, 0, 0}; }

CameraOptions clipping(double unclipped) {
  CameraOptions options = plain();
  options.exposure = CameraOptions::Exposure::clipped;
  options.unclipped = unclipped;
  return options;
}

CameraOptions everything() {
  CameraOptions options;
  options.exposure = CameraOptions::Exposure::clipped;
  options.white_balance = 0.3;
  options.glare = options.blur = options.sharpen = options.subsampling = options.srgb_like = 0.5;
  options.jpeg_lo = 30;
  return options;
}

CameraCurves identity() {
  std::vector<double> line(curve_samples);
  for (std::size_t i = 0; i < line.size(); ++i) line[i] = static_cast<double>(i) / (curve_samples - 1);
  return {{line}, {line}};
}

Sample take(const Tensor& scene, const CameraOptions& options, std::uint64_t index,
            const CameraCurves& curves = identity()) {
  return photograph(scene, curves, options, draws_for(7, Purpose::camera, index));
}

float largest(const Tensor& image) {
  const std::vector<float> values = image.to_vector<float>();
  return *std::max_element(values.begin(), values.end());
}

/// Kolmogorov-Smirnov at 1e-3: `values` are uniform in [0, 1].
void expect_uniform(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], (static_cast<double>(i) + 0.5) / count, 1.95 / std::sqrt(count)) << i;
}

/// HDR-Synth's camera, written down once more in a few straight lines.
Sample hdr_synth(const Tensor& scene, const CameraCurves& curves, const Philox& draws) {
  double sum = 0;
  for (const float value : scene.to_vector<float>()) sum += value;
  const auto gain = static_cast<float>(0.5 / (sum / static_cast<double>(scene.numel()) + 1e-6) *
                                       std::exp2(-3 + 6 * draws.uniform(0)));
  const auto chosen = static_cast<std::size_t>(draws.uniform(1) * static_cast<double>(curves.forward.size()));
  Sample out;
  out.hdr = Tensor(scene.shape(), DType::f32);
  out.clipped = Tensor(scene.shape(), DType::f32);
  out.encoded = Tensor(scene.shape(), DType::f32);
  std::vector<float> noise(static_cast<std::size_t>(scene.numel()));
  fill_normal(draws, 16, noise);
  for (std::int64_t i = 0; i < scene.numel(); ++i) {
    const auto c = static_cast<std::uint64_t>(i % 3);
    const double s = 0.08 / 6 * draws.uniform(3 + c), k = 0.005 * draws.uniform(6 + c);
    const float signal = gain * scene.data<float>()[i];
    const float deviation = std::sqrt(static_cast<float>(s * s) * signal * signal + static_cast<float>(k * k));
    const float h = std::max(0.0f, signal + noise[static_cast<std::size_t>(i)] * deviation);
    out.hdr.mutable_data<float>()[i] = h;
    const float clipped = std::min(1.0f, h);
    out.clipped.mutable_data<float>()[i] = clipped;
    const std::vector<double>& curve = curves.forward[chosen];
    const auto low = static_cast<std::size_t>(1023 * clipped);
    const float share = 1023 * clipped - static_cast<float>(low);
    const auto below = static_cast<float>(curve[low]),
               above = static_cast<float>(curve[std::min<std::size_t>(1023, low + 1)]);
    out.encoded.mutable_data<float>()[i] = (1 - share) * below + share * above;
  }
  const auto quality = static_cast<int>(90 + static_cast<std::int64_t>(draws.uniform(2) * 11));
  out.ldr = decode_image(encode_jpeg(codes_of(out.encoded), quality), "test").pixels;
  out.inverse_curve = Tensor({1, curve_samples}, DType::f32);
  for (std::size_t i = 0; i < curve_samples; ++i)
    out.inverse_curve.mutable_data<float>()[i] = static_cast<float>(curves.inverse[chosen][i]);
  out.weight = exposure_weight(out.ldr);
  return out;
}

TEST(CameraDefaults, AreHdrSynthBitForBit) {
  for (std::uint64_t i = 0; i < 12; ++i) {
    const Tensor scene = light(32, 24, i + 1, 3);
    const Philox draws = draws_for(5, Purpose::camera, i);
    EXPECT_TRUE(same(photograph(scene, training_curves(), {}, draws), hdr_synth(scene, training_curves(), draws))) << i;
  }
}

TEST(CameraOptions, ASampleIsAFunctionOfItsDraws) {
  const Tensor scene = light(48, 40);
  std::vector<Sample> samples;
  for (std::uint64_t i = 0; i < 12; ++i) samples.push_back(take(scene, everything(), i, training_curves()));
  for (std::uint64_t i = 12; i-- > 0;) EXPECT_TRUE(same(take(scene, everything(), i, training_curves()), samples[i]));
  for (std::size_t i = 1; i < samples.size(); ++i) EXPECT_FALSE(same_bits(samples[i].ldr, samples[0].ldr));
}

// -------------------------------------------------------------------------------------------------------- exposure

TEST(ClippedExposure, HitsShareAfterShareOfItsRange) {
  for (const double white_balance : {0.0, 0.5}) {
    CameraOptions options = clipping(0);
    options.white_balance = white_balance;
    std::vector<double> places;
    for (std::uint64_t i = 0; i < 300; ++i) {
      const double share = clipped_share(take(light(120, 100, i % 5 + 1, 17), options, i).hdr);
      EXPECT_GT(share, 0.005 - 2e-4);
      EXPECT_LT(share, 0.25 + 2e-4);
      places.push_back(std::log(share / 0.005) / std::log(0.25 / 0.005));
    }
    expect_uniform(places);
  }
}

TEST(ClippedExposure, ClipsNothingAsOftenAsTold) {
  CameraOptions options = clipping(1);
  options.white_balance = 0.5;
  std::vector<double> places;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Sample sample = take(light(24, 20, i % 5 + 1, 40), options, i);
    EXPECT_EQ(clipped_share(sample.hdr), 0);
    EXPECT_TRUE(same_bits(sample.hdr, sample.clipped));
    places.push_back(std::log2(largest(sample.hdr) / 0.25) / 2);
  }
  expect_uniform(places);

  int unclipped = 0;
  for (std::uint64_t i = 0; i < 1000; ++i)
    unclipped += clipped_share(take(light(40, 40), clipping(0.15), i).hdr) == 0 ? 1 : 0;
  EXPECT_NEAR(unclipped, 150, 45);  // four standard deviations
}

TEST(ClippedExposure, DarknessStaysFinite) {
  for (const double unclipped : {0.0, 1.0}) {
    const Tensor black = Tensor::full({1, 16, 16, 3}, 0.0, DType::f32);
    EXPECT_EQ(largest(take(black, clipping(unclipped), 1).hdr), 0.0f);
    for (const float lamp : {1e-39f, 1.0f, 1e30f}) {  // one pixel of 256 is less than any share
      Tensor night = black.clone();
      night.mutable_data<float>()[30] = lamp;
      for (std::uint64_t i = 0; i < 5; ++i) {
        const float h = largest(take(night, clipping(unclipped), i).hdr);
        EXPECT_GT(h, 0.0f);
        EXPECT_LE(h, 0x1p20f * 1.0001f);
      }
    }
  }
}

TEST(CameraOptions, ALevelGivenGoesBeforeAnyExposure) {
  CameraOptions options = clipping(0);
  options.clip_level = 4;
  const Tensor scene = light(10, 10);
  const Sample sample = take(scene, options, 0);
  for (std::int64_t i = 0; i < scene.numel(); ++i) EXPECT_EQ(sample.hdr.data<float>()[i], scene.data<float>()[i] / 4);
}

// --------------------------------------------------------------------------------------------- light and white balance

TEST(WhiteBalance, IsAppliedBeforeExposureAndClipping) {
  CameraOptions options = plain();
  options.white_balance = 0.4;
  const Tensor scene = light(16, 16, 3, 8);
  std::vector<double> red, blue;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const Sample sample = take(scene, options, i);
    const std::vector<float> h = sample.hdr.to_vector<float>();
    EXPECT_NEAR(std::accumulate(h.begin(), h.end(), 0.0) / static_cast<double>(h.size()), 0.5, 1e-5);
    EXPECT_GT(clipped_share(sample.hdr), 0);
    const auto gain = [&](std::size_t at) { return static_cast<double>(h[at]) / scene.data<float>()[at]; };
    for (std::size_t at = 0; at < h.size(); at += 3) {
      ASSERT_NEAR(gain(at) / gain(1), gain(0) / gain(1), 1e-5 * gain(0) / gain(1));  // also of what clips
      ASSERT_NEAR(gain(at + 2) / gain(1), gain(2) / gain(1), 1e-5 * gain(2) / gain(1));
      ASSERT_EQ(sample.clipped.data<float>()[at], std::min(1.0f, h[at]));
    }
    red.push_back(std::log2(gain(0) / gain(1)));
    blue.push_back(std::log2(gain(2) / gain(1)));
  }
  double correlation = 0;
  for (const auto& stops : {red, blue}) {
    const double square = std::inner_product(stops.begin(), stops.end(), stops.begin(), 0.0) / 400;
    EXPECT_NEAR(std::sqrt(square), 0.4, 0.06);  // four standard errors
    EXPECT_NEAR(std::accumulate(stops.begin(), stops.end(), 0.0) / 400, 0, 0.08);
  }
  correlation = std::inner_product(red.begin(), red.end(), blue.begin(), 0.0) / 400 / 0.16;
  EXPECT_LT(std::abs(correlation), 0.2);
}

/// How many of 600 photographs have another H (or L) than without the option, of which half should.
int changed_by(double CameraOptions::*option, Tensor Sample::*field, CameraOptions base = plain()) {
  int changed = 0;
  const Tensor scene = light(17, 16, 2, 5);
  CameraOptions with = base;
  with.*option = 0.5;
  for (std::uint64_t i = 0; i < 600; ++i)
    changed += same_bits(take(scene, with, i).*field, take(scene, base, i).*field) ? 0 : 1;
  return changed;
}

TEST(CameraOptions, HappenAsOftenAsTold) {
  CameraOptions compressed = plain();
  compressed.jpeg_lo = compressed.jpeg_hi = 90;
  EXPECT_NEAR(changed_by(&CameraOptions::glare, &Sample::hdr), 300, 49);  // four standard deviations
  EXPECT_NEAR(changed_by(&CameraOptions::blur, &Sample::hdr), 300, 49);
  EXPECT_NEAR(changed_by(&CameraOptions::sharpen, &Sample::ldr), 300, 49);
  EXPECT_NEAR(changed_by(&CameraOptions::subsampling, &Sample::ldr, compressed), 300, 49);
  EXPECT_EQ(changed_by(&CameraOptions::sharpen, &Sample::hdr), 0);
  EXPECT_EQ(changed_by(&CameraOptions::sharpen, &Sample::encoded), 0);
  EXPECT_EQ(changed_by(&CameraOptions::subsampling, &Sample::encoded, compressed), 0);
  EXPECT_EQ(changed_by(&CameraOptions::subsampling, &Sample::ldr), 0);  // nothing is compressed
}

/// Dark, with a square sun in the middle.
Tensor sunny() {
  Tensor scene = Tensor::full({1, 64, 64, 3}, 0.01, DType::f32);
  for (std::int64_t y = 30; y < 34; ++y) std::fill_n(scene.mutable_data<float>() + 3 * (64 * y + 30), 12, 1000.0f);
  return scene;
}

TEST(Glare, IsPartOfTheLightThatTheSensorGets) {
  CameraOptions options = plain();
  options.glare = 1;
  const Tensor scene = sunny();
  std::vector<double> places;
  for (std::uint64_t i = 0; i < 300; ++i) {
    const Sample sample = take(scene, options, i), without = take(scene, plain(), i);
    const float* h = sample.hdr.data<float>();
    const float* h0 = without.hdr.data<float>();
    const std::vector<float> all = sample.hdr.to_vector<float>();
    ASSERT_NEAR(std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size()), 0.5, 1e-4);
    ASSERT_GT(h[3 * (64 * 32 + 40)], 2 * h0[3 * (64 * 32 + 40)]);  // the halo
    const Tensor one = with_glare(scene, 0.01);                    // the share from a pixel: it is linear in it
    const double part = (h[0] / h0[0] - 1) / (one.data<float>()[0] / scene.data<float>()[0] - 1);
    places.push_back(std::log(0.01 * part / 0.003) / std::log(0.05 / 0.003));
    ASSERT_EQ(sample.clipped.data<float>()[0], std::min(1.0f, h[0]));
  }
  expect_uniform(places);
}

TEST(Blur, SoftensTheLightThatTheSensorGets) {
  CameraOptions options = plain();
  options.blur = 1;
  const Tensor scene = sunny();
  for (std::uint64_t i = 0; i < 30; ++i) {
    const Sample sample = take(scene, options, i), without = take(scene, plain(), i);
    const std::int64_t edge = 3 * (64 * 32 + 33);
    EXPECT_LT(sample.hdr.data<float>()[edge], without.hdr.data<float>()[edge]);
    EXPECT_GT(sample.hdr.data<float>()[edge + 3], without.hdr.data<float>()[edge + 3]);
    EXPECT_NEAR(sample.hdr.data<float>()[0], without.hdr.data<float>()[0], 1e-6);  // no halo
  }
}

// ------------------------------------------------------------------------------------------------- the encoded picture

TEST(Sharpening, OvershootsAtEdgesAndIsSeenInThePhotographAlone) {
  Tensor scene = Tensor::full({1, 32, 32, 3}, 0.3, DType::f32);
  for (std::int64_t i = 0; i < scene.numel(); ++i)
    if (i / 3 % 32 >= 16) scene.mutable_data<float>()[i] = 0.6f;
  CameraOptions options = plain();
  options.clip_level = 1;
  options.sharpen = 1;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const Sample sample = take(scene, options, i);
    EXPECT_TRUE(same_bits(sample.hdr, scene));
    const float* l = sample.ldr.data<float>() + 3 * 32 * 16;
    EXPECT_LT(l[3 * 15], 0.3f - 0.01f);
    EXPECT_GT(l[3 * 16], 0.6f + 0.01f);
    EXPECT_NEAR(l[3 * 2], 0.3f, 0.5f / 255 + 1e-6f);
    EXPECT_NEAR(l[3 * 29], 0.6f, 0.5f / 255 + 1e-6f);
    EXPECT_LT(l[3 * 16] - 0.6f, 0.8f * 0.3f / 2 + 0.01f);  // at most the largest amount of half the step
  }
  for (std::int64_t i = 0; i < scene.numel(); ++i)  // to both ends of the range: nothing leaves it
    scene.mutable_data<float>()[i] = i / 3 % 32 >= 16 ? 2.0f : 0.0f;
  const std::vector<float> l = take(scene, options, 3).ldr.to_vector<float>();
  EXPECT_EQ(*std::min_element(l.begin(), l.end()), 0.0f);
  EXPECT_EQ(*std::max_element(l.begin(), l.end()), 1.0f);
}

TEST(Subsampling, AveragesColourOverTwoByTwoPixels) {
  Tensor scene = Tensor::full({1, 32, 32, 3}, 0.1, DType::f32);
  for (std::int64_t pixel = 0; pixel < 32 * 32; ++pixel)  // red and blue pixels side by side
    scene.mutable_data<float>()[3 * pixel + (pixel % 2 == 0 ? 0 : 2)] = 0.6f;
  CameraOptions options = plain();
  options.clip_level = 1;
  options.jpeg_lo = options.jpeg_hi = 100;
  const auto contrast = [&](double probability) {
    options.subsampling = probability;
    const float* l = take(scene, options, 1).ldr.data<float>() + 3 * (32 * 16 + 16);
    return l[0] - l[3];
  };
  EXPECT_NEAR(contrast(0), 0.5f, 0.03f);
  EXPECT_LT(contrast(1), 0.2f);
}

// ---------------------------------------------------------------------------------------------------------- responses

double distance_from_srgb(const std::vector<double>& forward) {
  double worst = 0;
  for (std::size_t i = 0; i < forward.size(); ++i)
    worst = std::max(worst, std::abs(forward[i] - linear_to_srgb(static_cast<float>(i) / 1023.0f)));
  return worst;
}

TEST(SrgbLikeCurves, AreThoseNearItInEverySplit) {
  for (const auto& [curves, count] :
       {std::pair{&training_curves(), 181u}, {&validation_curves(), 3u}, {&evaluation_curves(), 6u}}) {
    std::vector<std::size_t> near;
    for (std::size_t i = 0; i < curves->forward.size(); ++i)
      if (distance_from_srgb(curves->forward[i]) <= 0.06) near.push_back(i);
    EXPECT_EQ(curves->srgb_like, near);
    EXPECT_EQ(near.size(), count);
  }
}

TEST(SrgbLikeCurves, AreDrawnAsOftenAsTold) {
  const CameraCurves& curves = validation_curves();
  CameraOptions options = plain();
  options.srgb_like = 0.7;
  std::vector<int> seen(curves.forward.size());
  int near = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Sample sample = take(light(2, 2), options, i, curves);
    for (std::size_t c = 0; c < seen.size(); ++c)
      if (std::equal(curves.inverse[c].begin(), curves.inverse[c].end(), sample.inverse_curve.data<float>(),
                     [](double a, float b) { return static_cast<float>(a) == b; })) {
        ++seen[c];
        near += std::count(curves.srgb_like.begin(), curves.srgb_like.end(), c) > 0 ? 1 : 0;
      }
  }
  const double expected =
      1000 * (0.7 + 0.3 * static_cast<double>(curves.srgb_like.size()) / static_cast<double>(seen.size()));
  EXPECT_NEAR(near, expected, 60);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
  expect_error([&] { take(light(2, 2), everything(), 1, identity()); }, ExitCode::internal, "sRGB");
}

}  // namespace
}  // namespace duhdr
