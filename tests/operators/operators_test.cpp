// SPDX-License-Identifier: Apache-2.0
// Every operator against its formula by hand, what all of them keep, and what no picture may do to them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "operators/banterle.h"
#include "operators/bilateral.h"
#include "operators/huo.h"
#include "operators/inverse_operator.h"
#include "operators/kovaleski_oliveira.h"
#include "operators/light.h"
#include "operators/masia.h"
#include "operators/median_cut.h"
#include "operators/meylan.h"
#include "operators/rempel.h"

namespace duhdr {
namespace {

constexpr double peak = 1000.0 / 203, black = 0.3 / 203;
constexpr double rounding = 2e-5;  // relative: powers and ratios in float

double power(double code) { return std::pow(code, 2.2); }

Tensor picture(std::int64_t height, std::int64_t width,
               const std::function<double(std::int64_t y, std::int64_t x, std::int64_t c)>& code) {
  Tensor out(Shape{1, height, width, 3}, DType::f32);
  float* values = out.mutable_data<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i)
    values[i] = static_cast<float>(code(i / 3 / width, i / 3 % width, i % 3));
  return out;
}

Tensor grey(const std::vector<double>& codes) {  // one row
  return picture(1, static_cast<std::int64_t>(codes.size()),
                 [&](std::int64_t, std::int64_t x, std::int64_t) { return codes[static_cast<std::size_t>(x)]; });
}

Tensor constant(std::int64_t height, std::int64_t width, double code) {
  return picture(height, width, [=](auto, auto, auto) { return code; });
}

/// A smooth picture with coloured areas, noise and a clipped disc.
Tensor scene(std::int64_t height, std::int64_t width) {
  const Philox draws(3, 9);
  return picture(height, width, [&](std::int64_t y, std::int64_t x, std::int64_t c) {
    const double u = static_cast<double>(x) / static_cast<double>(width);
    const double v = static_cast<double>(y) / static_cast<double>(height);
    if (std::hypot(u - 0.6, v - 0.4) < 0.15) return 1.0;
    const double noise = draws.uniform(static_cast<std::uint64_t>((y * width + x) * 3 + c));
    const double code = 0.1 + 0.5 * u * (c == 0 ? 1 : 0.7) + 0.3 * v * (c == 2 ? 1 : 0.8) + 0.04 * noise;
    return std::round(255 * std::min(1.0, code)) / 255;
  });
}

Tensor noise(std::int64_t height, std::int64_t width) {
  const Philox draws(4, 9);
  return picture(height, width, [&](std::int64_t y, std::int64_t x, std::int64_t c) {
    return draws.uniform(static_cast<std::uint64_t>((y * width + x) * 3 + c));
  });
}

Tensor response() { return Tensor::of<float>(Shape{5}, std::vector<float>{0, 0.05f, 0.2f, 0.5f, 1}); }

std::vector<float> run(std::string_view name, const Tensor& codes) {
  const Tensor light = inverse_operator(name).run({codes, response()});
  EXPECT_EQ(light.shape(), codes.shape()) << name;
  return light.to_vector<float>();
}

/// The first channel of every pixel of a row of grey codes.
void expect_light(std::string_view name, const std::vector<double>& codes, const std::vector<double>& wanted) {
  const std::vector<float> light = run(name, grey(codes));
  for (std::size_t i = 0; i < codes.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(static_cast<double>(light[3 * i + c]), wanted[i], rounding * (1e-3 + wanted[i])) << name << ' ' << i;
}

// --------------------------------------------------------------------------------------------- formulas by hand

TEST(Linearised, BySrgbPowerAndCurve) {
  expect_light("srgb", {0, 0.04, 0.5, 1}, {0, 0.04 / 12.92, 0.21404114, 1});
  expect_light("gamma-2.2", {0, 0.5, 1}, {0, 0.21763764, 1});
  expect_light("mean-inverse", {0, 0.125, 0.25, 0.6, 1}, {0, 0.025, 0.05, 0.32, 1});
}

TEST(Akyuz, StretchesTheLuminanceToTheDisplay) {
  const double low = power(0.2), high = power(0.8);
  expect_light("akyuz-2007", {0.2, 0.5, 0.8}, {0, peak * (power(0.5) - low) / (high - low), peak});
  expect_light("akyuz-2007", {0.5, 0.5}, {peak * power(0.5), peak * power(0.5)});
}

TEST(Landis, LeavesWhatIsBelowHalfAndExpandsTheRest) {
  const double l = power(0.9), w = std::pow((l - 0.5) / 0.5, 2);
  expect_light("landis-2002", {0, 0.3, 0.72, 0.9, 1}, {0, power(0.3), power(0.72), l * (1 - w) + peak * l * w, peak});
}

TEST(Masia, TakesThePowerFromTheKey) {
  // Luminances 0.01 (30 %), 0.1 (40 %) and 1 (30 %): the key is the middle of the logarithms.
  std::vector<double> codes;
  for (int i = 0; i < 100; ++i) codes.push_back(std::pow(i < 30 ? 0.01 : i < 70 ? 0.1 : 1, 1 / 2.2));
  const LuminanceStatistics of = statistics_of(linearised(grey(codes)).luminance);
  EXPECT_NEAR(of.log_mean, 0.1, 1e-5);
  EXPECT_NEAR(of.key, 0.5, 1e-4);
  EXPECT_EQ(of.percent_blown, 30);
  const double g_2017 = 2.4379 + 0.2319 * std::log(0.1) - 1.1228 * 0.5 + 0.0085 * 30;
  EXPECT_NEAR(static_cast<double>(run("masia-2017", grey(codes))[3 * 40]), peak * std::pow(0.1, g_2017), 1e-4);
  // 10.44 / 2 - 6.282 is below 0: the least power.
  EXPECT_NEAR(static_cast<double>(run("masia-2009", grey(codes))[3 * 40]), peak * std::pow(0.1, 0.1), 1e-4);
  // Luminances 0.01 (10 %) and 1 (90 %): key 0.9.
  for (std::size_t i = 0; i < 100; ++i) codes[i] = i < 10 ? std::pow(0.01, 1 / 2.2) : 1;
  EXPECT_NEAR(static_cast<double>(run("masia-2009", grey(codes))[0]), peak * std::pow(0.01, 10.44 * 0.9 - 6.282), 1e-5);
}

TEST(Enhancement, OfEvenPicturesIsOneOrFour) {
  for (const char* name : {"kovaleski-oliveira-2014", "rempel-2007"}) {
    SCOPED_TRACE(name);
    const double l = power(0.5), quarter = ((peak - black) * l + black) / 4;
    EXPECT_NEAR(static_cast<double>(run(name, constant(40, 60, 0.5))[0]), quarter, rounding);
    EXPECT_NEAR(static_cast<double>(run(name, constant(40, 60, 1))[0]), peak, 1e-4);
    EXPECT_NEAR(static_cast<double>(run(name, constant(4, 6, 0))[0]), black / 4, rounding);
  }
}

TEST(KovaleskiOliveira, MapsWhatIsSaturatedByACrossBilateralFilter) {
  const Tensor codes = scene(24, 32);
  const Photograph photograph = linearised(codes);
  const Tensor mask = saturated(codes, 254.f / 255);
  const Tensor map = highlight_map(codes, photograph.luminance);
  const float *l = photograph.luminance.data<float>(), *m = mask.data<float>();
  const double space = 150 * 32.0 / 1920, range = power(25.0 / 255);
  for (const std::int64_t p : {0, 9 * 32 + 18, 9 * 32 + 12, 20 * 32 + 30}) {
    double sum = 0, weights = 0;
    for (std::int64_t q = 0; q < 24 * 32; ++q) {
      const double far = std::hypot(static_cast<double>(p / 32 - q / 32), static_cast<double>(p % 32 - q % 32)) / space;
      const double other = static_cast<double>(l[p] - l[q]) / range;
      const double weight = std::exp(-(far * far + other * other) / 2);
      sum += weight * static_cast<double>(m[q]);
      weights += weight;
    }
    EXPECT_NEAR(static_cast<double>(map.data<float>()[p]), sum / weights, 0.02) << p;
  }
}

TEST(Rempel, StopsAtEdges) {
  // A lamp in a bright area, and a dark line across it. The glow has a sigma of 15 pixels and reaches over the line.
  const Tensor codes = picture(96, 960, [](std::int64_t y, std::int64_t x, std::int64_t) {
    if (std::abs(x - 300) <= 20 && std::abs(y - 48) <= 20) return 1.0;
    return x >= 326 && x < 332 ? 0.1 : 0.97;
  });
  const Photograph photograph = linearised(codes);
  const std::vector<float> map = brightness_enhancement(codes, photograph.luminance).to_vector<float>();
  const std::vector<float> glow = gaussian_mean(saturated(codes, 254.f / 255), 15).to_vector<float>();
  const auto at = [&](std::size_t x) { return 48 * 960 + x; };
  for (const std::size_t x : {300, 270, 262}) EXPECT_NEAR(map[at(x)], glow[at(x)], 1e-6f) << x;
  EXPECT_GT(glow[at(338)], 0.05f);
  EXPECT_NEAR(glow[at(262)], glow[at(338)], 1e-2f);
  EXPECT_EQ(map[at(338)], 0);
}

TEST(Huo, OfEvenPicturesFollowsItsFormula) {
  const double l = power(0.5), n = 0.86;
  EXPECT_NEAR(static_cast<double>(run("huo-2013", constant(9, 9, 0.5))[0]), peak * std::pow(2, 1 / n) * l, 1e-4);
  EXPECT_NEAR(static_cast<double>(run("huo-2014", constant(9, 9, 0.5))[0]), l, 1e-5);
  // A fine check: the surrounding is the mean of both, the farther one weighing a little less.
  const double low = power(0.5), high = power(0.505), w = std::exp(-std::pow((high - low) * 255 / 3, 2) / 2);
  const Tensor check = picture(128, 128, [](auto y, auto x, auto) { return (x + y) % 2 == 0 ? 0.5 : 0.505; });
  const double at_mean = 1 - (low + high) / 2;
  EXPECT_NEAR(static_cast<double>(run("huo-2014", check)[3 * (64 * 128 + 64)]),
              low * low / ((low + w * high) / (1 + w)) * at_mean / (1 - low), 5e-4);
  // Two halves, far apart in luminance: every one is its own surrounding.
  const Tensor halves = picture(8, 400, [](auto, std::int64_t x, auto) { return x < 200 ? 0.3 : 0.9; });
  const double dark = power(0.3), bright = power(0.9), mean = (dark + bright) / 2, theta = 1e-5;
  const std::vector<float> light = run("huo-2014", halves);
  EXPECT_NEAR(static_cast<double>(light[0]), dark * (1 - mean + theta) / (1 - dark + theta), 1e-4);
  EXPECT_NEAR(static_cast<double>(light[3 * 399]), bright * (1 - mean + theta) / (1 - bright + theta), 1e-3);
  EXPECT_EQ(run("huo-2014", picture(8, 400, [](auto, std::int64_t x, auto) { return x < 399 ? 0.3 : 1; }))[3 * 399],
            display_peak);
}

TEST(Kuo, InvertsSchlickAndSmoothsHighlights) {
  const double l = power(0.5);
  const std::vector<float> even = run("kuo-2012", constant(20, 20, 0.5));
  EXPECT_NEAR(static_cast<double>(even[0]), peak * l / (30 * (1 - l) + l), 1e-5);
  // Far from the brightest area nothing is smoothed, within it a small fault is.
  const auto code = [](std::int64_t y, std::int64_t x, std::int64_t) {
    return y == 30 && x == 70 ? 0.99 : x > 50 ? 1.0 : y == 30 && x == 20 ? 0.21 : 0.2;
  };
  const std::vector<float> light = run("kuo-2012", picture(60, 100, code));
  const auto schlick = [](double c) { return peak * power(c) / (30 * (1 - power(c)) + power(c)); };
  EXPECT_NEAR(static_cast<double>(light[3 * (30 * 100 + 20)]), schlick(0.21), 1e-5);
  EXPECT_GT(static_cast<double>(light[3 * (30 * 100 + 70)]), schlick(0.99) * 1.05);
}

TEST(Banterle, InvertsReinhardWhereLightsAreDense) {
  // Even light: the map is nearly even, so its largest value, 1, is everywhere.
  const double l = power(0.5);
  const double le = peak * peak / 2 * (l - 1 + std::sqrt((1 - l) * (1 - l) + 4 * l / (peak * peak)));
  const std::vector<float> even = run("banterle-2006", constant(64, 64, 0.5));
  double largest = 0;
  for (const float value : even) largest = std::max(largest, static_cast<double>(value));
  EXPECT_NEAR(largest, le, 1e-4);
  // A window in the dark: the map is 1 in it and 0 far from it.
  const Tensor codes = picture(96, 128, [](std::int64_t y, std::int64_t x, std::int64_t) {
    return x >= 80 && x < 110 && y >= 30 && y < 60 ? 1.0 : 0.1;
  });
  const std::vector<float> map = density_of_lights(linearised(codes).luminance).to_vector<float>();
  EXPECT_GT(map[45 * 128 + 95], 0.9f);
  EXPECT_EQ(map[45 * 128 + 10], 0);  // the lights of the dark stand alone
  const std::vector<float> light = run("banterle-2006", codes);
  EXPECT_GT(static_cast<double>(light[3 * (45 * 128 + 95)]), 0.9 * peak);
  EXPECT_NEAR(static_cast<double>(light[3 * (45 * 128 + 10)]), power(0.1), rounding * power(0.1));
}

TEST(MedianCut, HalvesTheLight) {
  const Tensor ramp = mapped(Tensor::full(Shape{1, 64, 128, 1}, 1, DType::f32), [](float v) { return v; });
  const std::vector<LightSource> lights = median_cut(ramp, 5);
  ASSERT_EQ(lights.size(), 32u);
  for (const LightSource& light : lights) EXPECT_EQ(light.power, 64 * 128 / 32);
  Tensor point = Tensor::zeros(Shape{1, 64, 128, 1}, DType::f32);
  point.mutable_data<float>()[20 * 128 + 77] = 5;
  const std::vector<LightSource> one = median_cut(point, 5);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].x, 77);
  EXPECT_EQ(one[0].y, 20);
  EXPECT_EQ(one[0].power, 5);
}

TEST(Meylan, HasTwoSlopes) {
  // Diffuse 0.5, and a highlight of 4 x 4 pixels, half of it 0.9 and half 1, smaller than the box of 6 pixels.
  const auto code = [](std::int64_t y, std::int64_t x, std::int64_t) {
    if (y < 100 || y >= 104 || x < 150 || x >= 154) return 0.5;
    return x < 152 ? 0.9 : 1.0;
  };
  const Tensor codes = picture(200, 300, code);
  const std::vector<float> part = specular_part(linearised(codes).luminance).to_vector<float>();
  EXPECT_EQ(std::count(part.begin(), part.end(), 1.f), 16);
  EXPECT_EQ(part[100 * 300 + 150], 1);
  // Between the two thresholds, 0.55 and 0.29: a pixel grows with more than 3 specular neighbours, so that in the
  // middle does, and the one beside a straight side does not.
  const Tensor notched = picture(200, 300, [&](std::int64_t y, std::int64_t x, std::int64_t c) {
    const bool between = (y == 101 && x == 151) || (y == 101 && x == 154);
    return between ? std::pow(0.45, 1 / 2.2) : code(y, x, c) > 0.5 ? 1.0 : 0.5;
  });
  const std::vector<float> grown = specular_part(linearised(notched).luminance).to_vector<float>();
  EXPECT_EQ(std::count(grown.begin(), grown.end(), 1.f), 16);
  EXPECT_EQ(grown[101 * 300 + 151], 1);
  EXPECT_EQ(grown[101 * 300 + 154], 0);
  const std::vector<float> light = run("meylan-2006", codes);
  EXPECT_NEAR(static_cast<double>(light[0]), peak * 0.67 * power(0.5) / power(0.9), 1e-4);
  EXPECT_NEAR(static_cast<double>(run("meylan-2006", constant(50, 50, 0.5))[0]), 0.67 * peak, 1e-4);
  // A highlight of 18 x 18 pixels in bands of 6, smaller than the box of 20: smoothing leaves the middle of a band.
  const std::vector<float> bands = run("meylan-2006", picture(100, 1000, [](auto y, std::int64_t x, auto) {
                                         if (y < 40 || y >= 58 || x < 500 || x >= 518) return 0.5;
                                         return x < 506 ? 0.9 : x < 512 ? 0.95 : 1.0;
                                       }));
  const double share = (power(0.95) - power(0.9)) / (1 - power(0.9));
  EXPECT_NEAR(static_cast<double>(bands[3 * (49 * 1000 + 508)]), peak * (0.67 + 0.33 * share), 1e-4);
  EXPECT_NEAR(static_cast<double>(bands[3 * (49 * 1000 + 515)]), peak, 1e-4);
  EXPECT_NEAR(static_cast<double>(bands[0]), peak * 0.67 * power(0.5) / power(0.9), 1e-4);
}

// ------------------------------------------------------------------------------------------------------- filters

TEST(Bilateral, IsNearTheSumOverAllPixels) {
  const Photograph photograph = linearised(scene(40, 56));
  const Tensor guide = photograph.luminance;
  const Tensor values = linearised(noise(40, 56)).luminance;
  const float *g = guide.data<float>(), *v = values.data<float>();
  for (const auto& [space, range] : {std::pair{4.0, 0.05}, {16.0, 0.01}, {150.0, 0.3}, {1.0, 0.2}}) {
    const std::vector<float> fast = bilateral(values, guide, space, range).to_vector<float>();
    double worst = 0;
    for (std::int64_t p = 0; p < guide.numel(); ++p) {
      double sum = 0, weights = 0;
      for (std::int64_t q = 0; q < guide.numel(); ++q) {
        const auto dy = static_cast<double>(p / 56 - q / 56), dx = static_cast<double>(p % 56 - q % 56);
        const double dz = static_cast<double>(g[p] - g[q]);
        const double weight = std::exp(-(dy * dy + dx * dx) / (2 * space * space) - dz * dz / (2 * range * range));
        sum += weight * static_cast<double>(v[q]);
        weights += weight;
      }
      worst = std::max(worst, std::abs(sum / weights - static_cast<double>(fast[static_cast<std::size_t>(p)])));
    }
    std::printf("sigmas %g pixels and %g: %.4f at most\n", space, range, worst);
    EXPECT_LT(worst, 0.02) << space << ' ' << range;
  }
}

TEST(Bilateral, KeepsConstantsAndEdges) {
  const Tensor even = Tensor::full(Shape{1, 30, 20, 1}, 0.25, DType::f32);
  for (const float value : gaussian_mean(even, 7).to_vector<float>()) EXPECT_NEAR(value, 0.25f, 1e-6f);
  const Tensor step = mapped(linearised(scene(30, 20)).luminance, [](float l) { return l > 0.5f ? 1.f : 0.f; });
  const std::vector<float> kept = bilateral(step, step, 8, 0.05).to_vector<float>(), is = step.to_vector<float>();
  for (std::size_t i = 0; i < is.size(); ++i) EXPECT_NEAR(kept[i], is[i], 1e-4f);
}

TEST(BoxMean, AveragesWhatIsInside) {
  const Tensor row = Tensor::of<float>(Shape{1, 1, 4, 1}, std::vector<float>{1, 2, 4, 8});
  EXPECT_EQ(box_mean(row, 3).to_vector<float>(), (std::vector<float>{1.5f, 7.f / 3, 14.f / 3, 6}));
  EXPECT_EQ(box_mean(row, 2).to_vector<float>(), (std::vector<float>{1, 1.5f, 3, 6}));
  EXPECT_EQ(box_mean(row, 9).to_vector<float>(), (std::vector<float>(4, 3.75f)));
  EXPECT_EQ(box_mean(row.reshape(Shape{1, 4, 1, 1}), 3).to_vector<float>(), box_mean(row, 3).to_vector<float>());
}

// ------------------------------------------------------------------------------------------------- all operators

TEST(EveryOperator, GivesFiniteLightForAnyPicture) {
  std::vector<Tensor> pictures{grey({0, 1}), grey({1, 1, 1, 1, 1, 1, 1}), scene(33, 50), noise(20, 31)};
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {9, 1}, {2, 2}, {40, 30}, {1, 300}})
    for (const double code : {0.0, 1e-30, 1.0 / 255, 0.5, 254.0 / 255, 1.0})
      pictures.push_back(constant(height, width, code));
  pictures.push_back(picture(31, 31, [](auto y, auto x, auto c) { return c == 2 && (x + y) % 2 == 0 ? 1e-20 : 0; }));
  pictures.push_back(picture(60, 60, [](auto y, auto x, auto) { return y == 30 && x == 30 ? 1.0 : 0.0; }));
  pictures.push_back(picture(60, 60, [](auto y, auto x, auto) { return y == 30 && x == 30 ? 0.0 : 1.0; }));
  for (const InverseOperator& row : inverse_operators())
    for (const Tensor& codes : pictures)
      for (const float value : run(row.name, codes))
        ASSERT_TRUE(std::isfinite(value) && value >= 0 && value < 200) << row.name << ' ' << codes.shape() << value;
}

TEST(EveryOperator, KeepsTheRatioOfChannels) {
  const Tensor codes = scene(48, 64);
  const float* code = codes.data<float>();
  for (const InverseOperator& row : inverse_operators()) {
    if (row.name == "srgb" || row.needs_response) continue;
    const std::vector<float> light = run(row.name, codes);
    for (std::size_t i = 0; i < light.size(); i += 3)
      for (std::size_t c = 1; c < 3; ++c) {
        const double wanted = power(static_cast<double>(code[i + c])) * static_cast<double>(light[i]);
        const double is = power(static_cast<double>(code[i])) * static_cast<double>(light[i + c]);
        ASSERT_NEAR(is, wanted, 1e-5 * (wanted + 1e-6)) << row.name << ' ' << i;
      }
  }
}

TEST(EveryOperator, ThatIsGlobalIsMonotone) {
  std::vector<double> codes;
  for (int i = 0; i < 256; ++i) codes.push_back(i / 255.0);
  for (const char* name :
       {"srgb", "gamma-2.2", "mean-inverse", "akyuz-2007", "landis-2002", "masia-2009", "masia-2017"}) {
    const std::vector<float> light = run(name, grey(codes));
    for (std::size_t i = 3; i < light.size(); i += 3) ASSERT_GT(light[i], light[i - 3]) << name << ' ' << i;
  }
}

TEST(EveryOperator, MakesClippedLightBrightest) {
  const Tensor codes = scene(120, 160);
  const std::size_t middle = 48 * 160 + 96;  // of the clipped disc
  for (const InverseOperator& row : inverse_operators()) {
    const std::vector<float> channels = run(row.name, codes);
    std::vector<float> light;
    for (std::size_t i = 0; i < channels.size(); i += 3)
      light.push_back(luminance(channels[i], channels[i + 1], channels[i + 2]));
    EXPECT_GE(light[middle], 0.98f * *std::max_element(light.begin(), light.end())) << row.name;
  }
}

TEST(EveryOperator, GivesTheSameBitsOnAnyNumberOfThreads) {
  const Tensor codes = scene(150, 210);
  for (const InverseOperator& row : inverse_operators()) {
    set_pool_threads(1);
    const std::vector<float> alone = run(row.name, codes);
    for (int threads = 2; threads <= 4; ++threads) {
      set_pool_threads(threads);
      EXPECT_TRUE(run(row.name, codes) == alone) << row.name << " on " << threads;
    }
  }
  set_pool_threads(usable_processors());
}

TEST(Table, FindsNamesAndOffersOthers) {
  EXPECT_GE(inverse_operators().size(), 14u);
  for (const InverseOperator& row : inverse_operators()) EXPECT_EQ(&inverse_operator(row.name), &row);
  const auto refusal = [](std::string_view name) {
    try {
      (void)inverse_operator(name);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal("masia"), "no method \"masia\"; did you mean masia-2009, masia-2017");
  EXPECT_EQ(refusal("akyuz-2008"), "no method \"akyuz-2008\"; did you mean akyuz-2007");
  EXPECT_NE(refusal("nothing like it").find("there are srgb, gamma-2.2, "), std::string::npos);
  EXPECT_NE(refusal("").find("there are srgb, "), std::string::npos);
}

}  // namespace
}  // namespace duhdr
