// SPDX-License-Identifier: Apache-2.0
// HDR-VDP-3 against the values of its authors' program, and its parts against slow formulas.
#include "metrics/hdr_vdp3.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numbers>

#include "base/random.h"
#include "metrics/vdp/csf.h"
#include "metrics/vdp/dct.h"
#include "metrics/vdp/elementary.h"
#include "metrics/vdp/gaussian.h"
#include "metrics/vdp/masking.h"
#include "metrics/vdp/receptors.h"
#include "metrics/vdp/resize.h"
#include "tensor/parallel.h"
#include "tensor/safetensors.h"

namespace duhdr {
namespace {

using std::numbers::pi;
using Light = std::function<double(int x, int y, int channel)>;

Tensor picture(int height, int width, int channels, const Light& light, DType type = DType::f64) {
  Tensor out(Shape{1, height, width, channels}, DType::f64);
  double* to = out.mutable_data<double>();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c) *to++ = light(x, y, c);
  return out.to(type);
}

// ---------------------------------------------------------------------------------------------------- whole pictures

struct Case {
  const char* name;
  int height, width;
  Light test, reference;
  HdrVdp3Options options;
  double q, q_jod;
};

double ramp(int, int y, int) { return std::pow(10, -1 + 4 * y / 255.); }
double rippled_ramp(int x, int y, int c) { return ramp(x, y, c) * (1 + .05 * std::sin(2 * pi * 8 * x / 256)); }
double waves(int x, int y, int c) {
  constexpr double colour[] = {1, .8, .5};
  return colour[c] * 100 * (1 + .5 * std::sin(2 * pi * x / 32) * std::cos(2 * pi * y / 48));
}
double board(int x, int y, int) { return 1 + 499 * ((x / 16 + y / 16) % 2); }
double slanted(int x, int y, int) { return 5 + 50 * (1 + std::sin(2 * pi * x / 64 + y / 20.)); }
double corner(int x, int y, int) { return 10 + 990 * std::pow((x + y) / 1022., 4); }

std::vector<Case> cases() {
  constexpr auto native = VdpEncoding::rgb_native, bt709 = VdpEncoding::rgb_bt709, single = VdpEncoding::luminance;
  return {
      {"T1", 256, 256, rippled_ramp, ramp, {30, native}, 5.90408862, 6.83373784},
      {"T1b", 256, 256, rippled_ramp, ramp, {60, native}, 7.20005850, 8.05512995},
      {"T1c", 256, 256, rippled_ramp, ramp, {30, bt709}, 5.90628173, 6.83590974},
      {"T1d", 256, 256, rippled_ramp, ramp, {30, native, false}, 5.52426549, 6.45275890},
      {"T1e", 256, 256, rippled_ramp, ramp, {30, single}, 5.90639080, 6.83601776},
      {"T2",
       256,
       256,
       [](int x, int y, int c) { return std::min(waves(x, y, c), 120.); },
       waves,
       {30, native},
       9.98249573,
       9.99708177},
      {"T3",
       256,
       256,
       [](int x, int y, int c) { return 1.2 * board(x, y, c); },
       board,
       {30, native},
       9.99997306,
       9.99999927},
      {"T3twice",
       256,
       256,
       [](int x, int y, int c) { return 2 * board(x, y, c); },
       board,
       {30, native},
       9.99976942,
       9.99998862},
      {"T4",
       301,
       417,
       [](int x, int y, int c) { return slanted(x, y, c) * (1 + .1 * std::cos(2 * pi * y / 10)); },
       slanted,
       {30, native},
       7.75572794,
       8.53512260},
      {"T4b",
       301,
       417,
       [](int x, int y, int c) { return slanted(x, y, c) * (y >= 99 && y <= 130 && x >= 199 && x <= 230 ? 1.5 : 1); },
       slanted,
       {30, native},
       9.89810757,
       9.97212372},
      {"T5",
       512,
       512,
       [](int x, int y, int c) { return std::min(corner(x, y, c), 300.); },
       corner,
       {30, native},
       8.17407541,
       8.87535578}};
}

class Published : public testing::TestWithParam<Case> {};

TEST_P(Published, IsReproduced) {
  const Case& c = GetParam();
  const int channels = c.options.encoding == VdpEncoding::luminance ? 1 : 3;
  for (const auto& [type, allowed] : {std::pair{DType::f64, 1e-6}, {DType::f32, 1e-3}}) {
    const HdrVdp3 found = hdr_vdp3(picture(c.height, c.width, channels, c.test, type),
                                   picture(c.height, c.width, channels, c.reference, type), c.options);
    EXPECT_NEAR(found.q, c.q, allowed) << name_of(type);
    EXPECT_NEAR(found.q_jod, c.q_jod, allowed) << name_of(type);
    EXPECT_FALSE(found.visibility.defined());
  }
}

INSTANTIATE_TEST_SUITE_P(HdrVdp3, Published, testing::ValuesIn(cases()),
                         [](const auto& row) { return std::string(row.param.name); });

/// Odd sizes, resolutions and lights (tests/golden/make_vdp.py).
TEST(HdrVdp3, IsThatOfTheTwin) {
  const TensorFile file = read_safetensors(std::string(DUHDR_TEST_DATA) + "/golden/data/hdr_vdp3.safetensors");
  int cases = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (!name.ends_with("/q")) continue;
    ++cases;
    const std::string start = name.substr(0, name.size() - 1);
    const Tensor &test = file.tensors.at(start + "estimate"), &reference = file.tensors.at(start + "truth");
    const std::vector<double> options = file.tensors.at(start + "options").to_vector<double>();
    const HdrVdp3Options asked{.pixels_per_degree = options[0],
                               .encoding = name.starts_with("luminance")    ? VdpEncoding::luminance
                                           : name.starts_with("rgb-native") ? VdpEncoding::rgb_native
                                                                            : VdpEncoding::rgb_bt709,
                               .glare = options[1] != 0};
    const double q = tensor.to_vector<double>()[0];
    EXPECT_NEAR(hdr_vdp3(test.to(DType::f64), reference.to(DType::f64), asked).q, q, 1e-9) << name;
    EXPECT_NEAR(hdr_vdp3(test, reference, asked).q, q, 2e-4) << name;
  }
  EXPECT_EQ(cases, 6);
}

TEST(HdrVdp3, EqualPicturesScoreTen) {
  const Tensor same = picture(64, 70, 3, waves);
  const HdrVdp3 found = hdr_vdp3(same, same, {.visibility = true});
  EXPECT_NEAR(found.q, 10, 1e-12);
  EXPECT_NEAR(found.q_jod, 10, 1e-12);
  for (const float value : found.visibility.to_vector<float>()) EXPECT_EQ(value, 0);
}

TEST(HdrVdp3, VisibilityIsWhereTheDifferenceIs) {
  const auto spot = [](int x, int y, int c) {
    return slanted(x, y, c) * (x >= 40 && x < 60 && y >= 30 && y < 50 ? 2 : 1);
  };
  const Tensor map =
      hdr_vdp3(picture(100, 120, 3, spot), picture(100, 120, 3, slanted), {.visibility = true}).visibility;
  ASSERT_EQ(map.shape(), (Shape{1, 100, 120, 1}));
  const std::vector<float> values = map.to_vector<float>();
  const auto strongest = std::max_element(values.begin(), values.end()) - values.begin();
  EXPECT_TRUE(strongest / 120 >= 29 && strongest / 120 <= 50 && strongest % 120 >= 39 && strongest % 120 <= 60);
  EXPECT_GT(values[40 * 120 + 41], 20 * values[90 * 120 + 110]);
}

TEST(HdrVdp3, TheNumberOfThreadsDoesNotMatter) {
  const int before = pool_threads();
  const Tensor test = picture(
      61, 83, 3, [](int x, int y, int c) { return 1.1 * waves(x + 1, y, c); }, DType::f32);
  const Tensor reference = picture(61, 83, 3, waves, DType::f32);
  set_pool_threads(1);
  const double alone = hdr_vdp3(test, reference).q;
  for (const int threads : {2, 3, 4}) {
    set_pool_threads(threads);
    EXPECT_EQ(hdr_vdp3(test, reference).q, alone);
  }
  set_pool_threads(before);
}

TEST(HdrVdp3, RefusesWhatItCannotMeasure) {
  const auto code = [](const std::function<void()>& run) {
    try {
      run();
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::done;
  };
  const Tensor good = picture(20, 20, 3, waves), small = picture(12, 40, 3, waves);
  EXPECT_EQ(code([&] { hdr_vdp3(small, small); }), ExitCode::bad_image);
  EXPECT_EQ(code([&] { hdr_vdp3(good, good, {.pixels_per_degree = 4}); }), ExitCode::usage);
  EXPECT_EQ(code([&] { hdr_vdp3(good, picture(20, 21, 3, waves)); }), ExitCode::internal);
  const Tensor bad = picture(20, 20, 3, [](int x, int y, int) { return x == 3 && y == 4 ? std::nan("") : 1.; });
  EXPECT_EQ(code([&] { hdr_vdp3(bad, good); }), ExitCode::bad_image);
  const Tensor black = picture(20, 20, 3, [](int, int, int) { return 0.; });
  EXPECT_TRUE(std::isfinite(hdr_vdp3(black, good).q));
  EXPECT_TRUE(std::isfinite(hdr_vdp3(black, black).q));
  const Tensor least = picture(13, 200, 3, waves);
  EXPECT_NEAR(hdr_vdp3(least, least).q, 10, 1e-12);
}

TEST(HdrVdp3, TheLargestNumbersAreMeasured) {
  for (const auto encoding : {VdpEncoding::rgb_native, VdpEncoding::rgb_bt709})
    for (const auto& [type, most] : {std::pair{DType::f32, static_cast<double>(std::numeric_limits<float>::max())},
                                     {DType::f64, std::numeric_limits<double>::max()}})
      for (const double sign : {1., -1.}) {
        const Tensor extreme = picture(
            20, 20, 3, [&](int x, int y, int c) { return (x + y) % 3 == c ? sign * most : 1.; }, type);
        const double q = hdr_vdp3(extreme, picture(20, 20, 3, waves, type), {.encoding = encoding}).q;
        EXPECT_TRUE(std::isfinite(q) && q < 10) << name_of(type) << sign;
      }
}

// ------------------------------------------------------------------------------------------------------------- parts

template <class T>
void check_elementary_functions() {
  constexpr T epsilon = std::numeric_limits<T>::epsilon();
  for (int i = 0; i < 20000; ++i) {
    const Philox draws(3, 1);
    const auto y = static_cast<T>(60 * draws.uniform(static_cast<std::uint64_t>(i)) - 30), x = std::exp2(y);
    const T logarithm = std::log2(x);
    EXPECT_NEAR(vdp::log2(x), logarithm, 2 * epsilon * std::max(T(1), std::abs(logarithm)));
    EXPECT_NEAR(vdp::exp2(y) / std::exp2(y), 1, 2 * epsilon);
    EXPECT_NEAR(vdp::power(x, T(1.28)) / std::pow(x, T(1.28)), 1, 30 * epsilon);
  }
  EXPECT_EQ(vdp::log2(T(1)), 0);
  EXPECT_EQ(vdp::log2(std::numeric_limits<T>::min()), std::numeric_limits<T>::min_exponent - 1);
  EXPECT_EQ(vdp::exp2(T(-1e6)), std::numeric_limits<T>::min());
  EXPECT_EQ(vdp::exp2(T(1e6)), std::exp2(T(std::numeric_limits<T>::max_exponent - 1)));
  EXPECT_EQ(vdp::power(T(0), T(0.8)), 0);
}

TEST(VdpParts, ElementaryFunctionsAreThoseOfTheLibrary) {
  check_elementary_functions<float>();
  check_elementary_functions<double>();
}

TEST(VdpParts, ResponsesAndPupilHaveTheirCheckValues) {
  constexpr double cones[] = {5.254991, 15.316051, 43.145883, 124.595271, 381.672491, 741.054626, 1104.730709};
  constexpr double rods[] = {9.879970, 27.734237, 70.962522, 169.356966, 280.264382, 285.751545, 285.751563};
  for (int i = 0; i < 7; ++i) {
    EXPECT_NEAR(vdp::cone_response(i - 3), cones[i], 1e-6);
    EXPECT_NEAR(vdp::rod_response(i - 3), rods[i], 1e-6);
  }
  EXPECT_NEAR(vdp::pupil_gain(10, 65536 / 900.), 1.04804127, 1e-8);
}

TEST(VdpParts, SensitivityHasItsCheckValues) {
  EXPECT_NEAR(vdp::neural_csf(3.75, 1, true), .9611661972, 1e-9);
  EXPECT_NEAR(vdp::neural_csf(3.75, 100, true), 1.7390920074, 1e-9);
  EXPECT_NEAR(vdp::neural_csf(15, 10, true), .3234372358, 1e-9);
  EXPECT_EQ(vdp::neural_csf(1e-4, 10, true), 0);
  const vdp::CsfTable table(3.75, true);
  EXPECT_NEAR(table.at(-5 + 10 * 17 / 255.), vdp::neural_csf(3.75, std::pow(10, -5 + 10 * 17 / 255.), true), 1e-12);
}

TEST(VdpParts, CosineTransformIsThatOfTheFormula) {
  for (const std::int64_t n : {1, 2, 3, 8, 12, 13, 17, 34, 37, 101, 120}) {
    std::vector<std::complex<double>> line, before;
    for (std::int64_t i = 0; i < n; ++i)
      line.emplace_back(Philox(1, 1).normal(static_cast<std::uint64_t>(i)),
                        Philox(1, 2).normal(static_cast<std::uint64_t>(i)));
    before = line;
    vdp::Dct dct(n);
    dct.forward(line.data());
    for (std::int64_t k = 0; k < n; ++k) {
      std::complex<double> sum;
      for (std::int64_t i = 0; i < n; ++i)
        sum += 2. * before[static_cast<std::size_t>(i)] *
               std::cos(pi * static_cast<double>(k * (2 * i + 1)) / static_cast<double>(2 * n));
      EXPECT_LT(std::abs(line[static_cast<std::size_t>(k)] - sum), 1e-11) << n << ' ' << k;
    }
    dct.inverse(line.data());
    for (std::int64_t i = 0; i < n; ++i)
      EXPECT_LT(std::abs(line[static_cast<std::size_t>(i)] - before[static_cast<std::size_t>(i)]), 1e-12) << n;
  }
}

/// exp(-w^2 sigma^2 / 2) of a line on 2n samples, the last repeated behind it, by the formula.
std::vector<double> fourier_blur(const std::vector<double>& line, double sigma) {
  const auto n = static_cast<int>(line.size());
  std::vector<double> out;
  for (int i = 0; i < n; ++i) {
    double value = 0;
    for (int j = 0; j < 2 * n; ++j) {
      double kernel = 0;
      for (int k = -n; k < n; ++k) {
        const double w = 2 * pi * k / (2 * n);
        kernel += std::exp(-w * w * sigma * sigma / 2) * std::cos(w * (i - j)) / (2 * n);
      }
      value += kernel * line[static_cast<std::size_t>(std::min(j, n - 1))];
    }
    out.push_back(value);
  }
  return out;
}

TEST(VdpParts, BlurIsThatOfTheSpectrum) {
  constexpr int n = 31;
  std::vector<double> line;
  vdp::Plane<double> plane(n, n);
  for (int i = 0; i < n; ++i) line.push_back(Philox(2, 1).normal(static_cast<std::uint64_t>(i)));
  for (int y = 0; y < n; ++y)
    for (int x = 0; x < n; ++x) plane.row(y)[x] = line[static_cast<std::size_t>(x)] * line[static_cast<std::size_t>(y)];
  for (const double sigma : {4.5, 9.9}) {
    const vdp::Plane<double> blurred = vdp::blur(plane, sigma);
    const std::vector<double> wanted = fourier_blur(line, sigma);
    for (int y = 0; y < n; ++y)
      for (int x = 0; x < n; ++x)
        EXPECT_NEAR(blurred.row(y)[x], wanted[static_cast<std::size_t>(x)] * wanted[static_cast<std::size_t>(y)],
                    1e-13);
  }
}

TEST(VdpParts, ResizingKeepsConstantsAndRamps) {
  vdp::Plane<double> plane(16, 20);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 20; ++x) plane.row(y)[x] = x + 0.5;
  for (const auto& [height, width] : {std::pair{8, 10}, {32, 40}, {7, 33}}) {
    const vdp::Plane<double> out = vdp::resized(plane, height, width);
    for (int x = width / 4; x < 3 * width / 4; ++x) EXPECT_NEAR(out.row(0)[x], (x + 0.5) * 20 / width, 1e-2);
    EXPECT_NEAR(out.row(0)[3], out.row(height - 1)[3], 1e-12);
  }
}

TEST(VdpParts, TheDominantFrequencyIsFound) {
  vdp::Plane<double> plane(15, 24);
  for (int y = 0; y < 15; ++y)
    for (int x = 0; x < 24; ++x) plane.row(y)[x] = 3 + std::cos(2 * pi * (3 * x / 24. + 2 * y / 15.));
  EXPECT_NEAR(vdp::dominant_frequency(plane, 10), 10 * std::hypot(3 / 24., 2 / 15.), 1e-12);
}

}  // namespace
}  // namespace duhdr
