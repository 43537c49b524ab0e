// SPDX-License-Identifier: Apache-2.0
// What must hold for the camera path whatever the numbers: beside the op case table, which checks the gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/camera/curve.h"
#include "kernels/camera/histogram.h"
#include "kernels/camera/mask.h"
#include "kernels/camera/response_features.h"
#include "kernels/camera/sobel.h"
#include "kernels/camera/truncation.h"
#include "kernels/pointwise.h"
#include "kernels/reflect.h"
#include "tests/golden/fill.h"

namespace duhdr {
namespace {

Tensor drawn(const Shape& shape, double lo, double hi, DType dtype = DType::f64, const char* name = "camera") {
  Tensor values(shape, DType::f32);
  for (std::int64_t i = 0; i < values.numel(); ++i)
    values.mutable_data<float>()[i] = golden::fill_value(golden::key_of(name), static_cast<std::uint64_t>(i), lo, hi);
  return values.to(dtype);
}

template <class T>
Tensor values_of(const Shape& shape, const std::vector<T>& values) {
  return Tensor::of<T>(shape, values);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

// ------------------------------------------------------------------------------------------------------ reflection

TEST(Reflect, FoldsAsOftenAsNeeded) {
  for (std::int64_t n = 1; n <= 6; ++n)
    for (std::int64_t i = 0, walk = 0, step = 1; i < 40; ++i) {  // walk back and forth between the edges
      EXPECT_EQ(fold(i, n), walk) << i << " of " << n;
      EXPECT_EQ(fold(-i, n), walk) << -i << " of " << n;
      if (n > 1 && (walk + step < 0 || walk + step >= n)) step = -step;
      walk += n > 1 ? step : 0;
    }
}

TEST(Reflect, PreimagesAreAllThatFoldToTheIndex) {
  for (std::int64_t n = 1; n <= 5; ++n)
    for (std::int64_t index = 0; index < n; ++index)
      for (std::int64_t from = -20; from < 20; ++from) {
        std::int64_t expected = from;
        while (fold(expected, n) != index) ++expected;
        EXPECT_EQ(next_preimage(from, index, n), expected) << index << " of " << n << " from " << from;
      }
}

// ------------------------------------------------------------------------------------------------------ truncation

/// The definition word for word, in double: self-guided filter, base floored at 1e-6, min(base, 1) * (hdr / base).
std::vector<double> literal_truncation(const Tensor& hdr) {
  const std::int64_t n = hdr.shape().n(), h = hdr.shape().h(), w = hdr.shape().w(), c = hdr.shape().c();
  const auto windows = [&](const std::vector<double>& values, const auto& term) {
    std::vector<double> mean(values.size());
    for (std::int64_t i = 0; i < n * h * w * c; ++i) {
      const std::int64_t y = i / (w * c) % h, x = i / c % w, image = i / (h * w * c);
      for (std::int64_t dy = -2; dy <= 2; ++dy)
        for (std::int64_t dx = -2; dx <= 2; ++dx) {
          const std::int64_t at = ((image * h + fold(y + dy, h)) * w + fold(x + dx, w)) * c + i % c;
          mean[static_cast<std::size_t>(i)] += term(values[static_cast<std::size_t>(at)], i) / 25;
        }
    }
    return mean;
  };
  const auto plain = [](double value, std::int64_t) { return value; };
  const std::vector<double> value = hdr.to_vector<double>();
  const std::vector<double> mean = windows(value, plain);
  const std::vector<double> variance = windows(value, [&](double v, std::int64_t i) {
    return (v - mean[static_cast<std::size_t>(i)]) * (v - mean[static_cast<std::size_t>(i)]);
  });
  std::vector<double> a(value.size()), b(value.size()), out(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    a[i] = variance[i] / (variance[i] + 0.01);
    b[i] = (1 - a[i]) * mean[i];
  }
  const std::vector<double> mean_a = windows(a, plain), mean_b = windows(b, plain);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const double base = std::max(mean_a[i] * value[i] + mean_b[i], 1e-6);
    out[i] = std::min(base, 1.0) * (value[i] / base);
  }
  return out;
}

TEST(Truncation, IsTheLiteralFormula) {
  for (const Shape& shape : {Shape{2, 9, 70, 3}, Shape{1, 1, 5, 3}, Shape{1, 2, 3, 1}, Shape{1, 1, 1, 3}})
    for (const double hi : {1e-6, 0.5, 4.0, 1000.0}) {
      const Tensor hdr = drawn(shape, 0, hi);
      const std::vector<double> expected = literal_truncation(hdr);
      const std::vector<double> actual = truncation(Variable(hdr)).value().to_vector<double>();
      for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(actual[i], expected[i], 1e-11 * std::max(1.0, expected[i])) << shape << " up to " << hi;
    }
}

TEST(Truncation, KeepsAnImageThatIsNowhereClipped) {
  const Tensor image = drawn({1, 20, 30, 3}, 0, 1, DType::f32);
  EXPECT_TRUE(same_bits(truncation(Variable(image)).value(), image));
}

TEST(Truncation, CutsTheBaseAndKeepsTheDetail) {
  std::vector<float> texture;
  for (int i = 0; i < 16 * 16 * 3; ++i) texture.push_back((i / 3 + i / 48) % 2 == 0 ? 4.04f : 3.96f);
  const Tensor out = truncation(Variable(values_of<float>({1, 16, 16, 3}, texture))).value();
  double lowest = 1e9, highest = 0;
  for (const float v : out.to_vector<float>()) {
    lowest = std::min(lowest, static_cast<double>(v));
    highest = std::max(highest, static_cast<double>(v));
  }
  EXPECT_NEAR((lowest + highest) / 2, 1, 1e-3);           // the base is cut at 1
  EXPECT_NEAR((highest - lowest) / 2, 0.01, 0.01 * 0.2);  // the 1 % of texture stays, but for what the base follows
}

// ---------------------------------------------------------------------------------------------------------- curves

Tensor line(std::int64_t samples, double from, double to) {
  std::vector<double> g;
  for (std::int64_t i = 0; i < samples; ++i)
    g.push_back(from + (to - from) * static_cast<double>(i) / static_cast<double>(samples - 1));
  return values_of(Shape{1, samples}, g);
}

TEST(Curve, TheIdentityChangesNothing) {
  const Tensor x = drawn({1, 13, 17, 3}, -0.5, 1.5, DType::f32);
  const Tensor y = apply_curve(Variable(line(1024, 0, 1).to(DType::f32)), Variable(x)).value();
  for (std::int64_t i = 0; i < x.numel(); ++i)
    EXPECT_NEAR(y.data<float>()[i], std::min(std::max(x.data<float>()[i], 0.0f), 1.0f), 2e-7);
}

TEST(Curve, MonotoneRunsFromZeroToOneWithoutFalling) {
  for (const double scale : {1e-6, 1.0, 1e6})
    for (const DType dtype : {DType::f32, DType::f64}) {
      const Tensor wild = drawn({3, 1024}, -scale, scale, dtype);
      const std::vector<double> y = monotone_curve(Variable(wild)).value().to(DType::f64).to_vector<double>();
      for (std::size_t image = 0; image < 3; ++image) {
        EXPECT_EQ(y[image * 1024], 0);
        EXPECT_EQ(y[image * 1024 + 1023], 1);
        for (std::size_t j = 1; j < 1024; ++j) EXPECT_GE(y[image * 1024 + j], y[image * 1024 + j - 1]);
      }
    }
}

TEST(Curve, WithoutARiseBecomesTheIdentityWithoutGradient) {
  for (const Tensor& flat : {line(5, 0.3, 0.3), line(5, 4, 0)}) {
    const Variable g(flat, true);
    const Variable y = monotone_curve(g);
    EXPECT_TRUE(same_bits(y.value(), line(5, 0, 1)));
    y.backward(drawn({1, 5}, -1, 1));
    EXPECT_EQ(g.grad().to_vector<double>(), std::vector<double>(5, 0.0));
  }
}

TEST(Curve, ARisingCurveKeepsItsShape) {
  const Variable g(values_of<double>({1, 4}, {0.5, 0.75, 1.5, 2.5}));
  EXPECT_EQ(monotone_curve(g).value().to_vector<double>(), (std::vector<double>{0, 0.125, 0.5, 1}));
}

TEST(Curve, EveryInputIsAnswered) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x{-inf, -1e30f, -0.1f, -0.0f, 0, 0.25f, 1, std::nextafter(1.0f, 2.0f),
                             1.5f, 1e30f,  inf,   nan};
  const std::vector<float> expected{2, 2, 2, 2, 2, 2.5f, 4, 4, 4, 4, 4, 2};
  const std::vector<float> slope{0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0};  // at 1 and outside of [0, 1]: none
  const Variable g(values_of<float>({1, 3}, {2, 3, 4}), true);
  const Variable in(values_of<float>({1, 1, 4, 3}, x), true);
  const Variable y = apply_curve(g, in);
  EXPECT_EQ(y.value().to_vector<float>(), expected);
  y.backward(Tensor::full(y.shape(), 1, DType::f32));
  EXPECT_EQ(in.grad().to_vector<float>(), slope);
  EXPECT_EQ(g.grad().to_vector<float>(), (std::vector<float>{6.5f, 0.5f, 5}));
}

TEST(Curve, IsNeverInBf16) {
  const Variable g(drawn({1, 8}, 0, 1, DType::bf16));
  EXPECT_THROW(monotone_curve(g), Error);
  EXPECT_THROW(apply_curve(g, Variable(drawn({1, 2, 2, 3}, 0, 1, DType::bf16))), Error);
  EXPECT_THROW(apply_curve(Variable(line(8, 0, 1)), Variable(drawn({2, 2, 2, 3}, 0, 1))), Error);  // one for two images
}

// -------------------------------------------------------------------------------------------------------- features

TEST(Histogram, TheBinsOfAValueSumToOne) {
  const Tensor x = drawn({1, 11, 13, 3}, 0, 1);
  for (const int bins : {1, 4, 8, 16}) {
    const Tensor out = soft_histogram(Variable(x), bins).value();
    const double* p = out.data<double>();
    for (std::int64_t pixel = 0; pixel < 11 * 13; ++pixel)
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int i = 0; i <= bins; ++i) sum += p[pixel * 3 * (bins + 1) + 3 * i + c];
        EXPECT_NEAR(sum, 1, 1e-13);
      }
  }
}

TEST(Sobel, ARampHasTheSlopeTimesEight) {
  std::vector<double> ramp;
  for (int i = 0; i < 5 * 6 * 3; ++i) ramp.push_back(0.5 * (i / 18) + 0.25 * (i / 3 % 6));
  const Tensor out = sobel(Variable(values_of<double>({1, 5, 6, 3}, ramp))).value();
  const double* inner = out.data<double>() + (2 * 6 + 3) * 6;
  const double* corner = out.data<double>();
  for (int c = 0; c < 3; ++c) {
    EXPECT_DOUBLE_EQ(inner[2 * c], 4);      // dy: 8 * 0.5, the row below minus the row above
    EXPECT_DOUBLE_EQ(inner[2 * c + 1], 2);  // dx: 8 * 0.25
    EXPECT_DOUBLE_EQ(corner[2 * c], 0);     // reflection: both neighbours are the same pixel
    EXPECT_DOUBLE_EQ(corner[2 * c + 1], 0);
  }
}

TEST(ResponseFeatures, AreTheSimpleOpsSideBySide) {
  for (const Shape& shape : {Shape{2, 7, 9, 3}, Shape{1, 1, 2, 3}, Shape{1, 1, 1, 3}})
    for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
      const Variable x = clamp(Variable(drawn(shape, -0.2, 1.2, dtype)), 0, 1);
      const Tensor features = response_features(Variable(drawn(shape, -0.2, 1.2, dtype))).value();
      std::int64_t first = 0;
      for (const Variable& part : {x, sobel(x), soft_histogram(x, 4), soft_histogram(x, 8), soft_histogram(x, 16)}) {
        const std::int64_t channels = part.shape().c();
        const std::size_t bytes = size_of(dtype);
        for (std::int64_t pixel = 0; pixel < shape.n() * shape.h() * shape.w(); ++pixel)
          EXPECT_EQ(std::memcmp(features.raw() + static_cast<std::size_t>(pixel * 102 + first) * bytes,
                                part.value().raw() + static_cast<std::size_t>(pixel * channels) * bytes,
                                static_cast<std::size_t>(channels) * bytes),
                    0)
              << shape << " " << name_of(dtype) << " from channel " << first << " at pixel " << pixel;
        first += channels;
      }
      EXPECT_EQ(first, response_feature_channels);
    }
}

// ----------------------------------------------------------------------------------------------- quantiser and mask

TEST(Quantise, KeepsEveryCode) {
  std::vector<float> codes;
  for (int code = 0; code < 256; ++code) codes.push_back(static_cast<float>(code) / 255.0f);
  const Tensor x = values_of<float>({1, 16, 16, 1}, codes);
  EXPECT_TRUE(same_bits(quantise(Variable(x)).value(), x));
  EXPECT_TRUE(same_bits(quantise(Variable(x.to(DType::f64))).value().to(DType::f32), x));
}

TEST(Mask, LiesInTheUnitIntervalAndSendsItsGradientToTheFirstBrightest) {
  const Variable x(values_of<double>({1, 1, 5, 3}, {0.1, 0.2, 0.3, 0.75, 0.75, 0.5, 0.2, 1, 1, 0.5, 0.1, 0.5, 3, 0, 0}),
                   true);
  const Variable mask = exposure_mask(x, 0.5);
  EXPECT_EQ(mask.value().to_vector<double>(), (std::vector<double>{0, 0.5, 1, 0, 1}));
  mask.backward(Tensor::full(mask.shape(), 1, DType::f64));
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{0, 0, 0, 2, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0}));
}

// --------------------------------------------------------------------------------------------------------- threads

TEST(Camera, ThreadsDoNotChangeABit) {
  struct Run {
    const char* name;
    std::function<Variable(const Variable& x, const Variable& g)> op;
  };
  const std::vector<Run> runs{
      {"sobel", [](const Variable& x, const Variable&) { return sobel(x); }},
      {"soft_histogram", [](const Variable& x, const Variable&) { return soft_histogram(x, 8); }},
      {"response_features", [](const Variable& x, const Variable&) { return response_features(x); }},
      {"curve", [](const Variable& x, const Variable& g) { return apply_curve(monotone_curve(g), x); }},
      {"truncation", [](const Variable& x, const Variable&) { return truncation(x); }},
      {"mask", [](const Variable& x, const Variable&) { return masked_add(x, exposure_mask(x, 0.5), x); }},
      {"quantise", [](const Variable& x, const Variable&) { return quantise(x); }},
  };
  const int before = cpu_threads();
  for (const Run& run : runs) {
    std::vector<Tensor> results[2];
    for (const int threads : {1, 2}) {
      set_cpu_threads(threads);
      const Variable x(drawn({1, 180, 131, 3}, 0, 2, DType::f32), true), g(drawn({1, 1024}, 0, 1, DType::f32), true);
      const Variable y = run.op(x, g);
      y.backward(drawn(y.shape(), -1, 1, DType::f32, "seed"));
      results[threads - 1] = {y.value(), x.grad()};
      if (g.grad().defined()) results[threads - 1].push_back(g.grad());
    }
    for (std::size_t i = 0; i < results[0].size(); ++i)
      EXPECT_TRUE(same_bits(results[0][i], results[1][i])) << run.name << ", result " << i;
  }
  set_cpu_threads(before);
}

}  // namespace
}  // namespace duhdr
