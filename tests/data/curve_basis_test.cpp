// SPDX-License-Identifier: Apache-2.0
// The curve basis: reading and writing of its files, its properties, and how well it spans known camera curves.
#include "data/curve_basis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "base/file.h"

namespace duhdr {
namespace {

namespace fs = std::filesystem;

const fs::path source_dir = DUHDR_SOURCE_DIR;

std::string name_of_direction(CurveDirection direction) {
  return direction == CurveDirection::forward ? "forward" : "inverse";
}

const CurveBasis& made_basis(CurveDirection direction) {  // made once: it takes seconds
  static const CurveBasis forward = make_curve_basis(CurveDirection::forward);
  static const CurveBasis inverse = make_curve_basis(CurveDirection::inverse);
  return direction == CurveDirection::forward ? forward : inverse;
}

CurveBasis shipped_basis(CurveDirection direction) {
  return read_emor(source_dir / "weights" / "curves" / (name_of_direction(direction) + ".txt"), direction);
}

std::string shipped_text() {
  const Bytes bytes = read_file(source_dir / "weights/curves/forward.txt", 1 << 20, ExitCode::bad_weights);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<double> sampled(const std::function<double(double)>& f) {
  std::vector<double> out;
  for (int i = 0; i < curve_samples; ++i) out.push_back(f(i / (curve_samples - 1.0)));
  return out;
}

class EachDirection : public testing::TestWithParam<CurveDirection> {};
INSTANTIATE_TEST_SUITE_P(Curves, EachDirection, testing::Values(CurveDirection::forward, CurveDirection::inverse),
                         [](const auto& test) { return name_of_direction(test.param); });

TEST_P(EachDirection, IsAnOrthonormalBasisAroundAnIncreasingMean) {
  const CurveBasis& basis = made_basis(GetParam());
  const std::vector<double> mean = basis.mean.to_vector<double>();
  EXPECT_EQ(mean.front(), 0.0);
  EXPECT_EQ(mean.back(), 1.0);
  for (std::size_t i = 1; i < mean.size(); ++i) EXPECT_LT(mean[i - 1], mean[i]);
  ASSERT_EQ(basis.vectors.shape(), (Shape{curve_samples, curve_vectors}));
  const double* v = basis.vectors.data<double>();
  for (int a = 0; a < curve_vectors; ++a) {
    EXPECT_EQ(v[a], 0.0);
    EXPECT_EQ(v[(curve_samples - 1) * curve_vectors + a], 0.0);
    double peak = 0;
    for (int i = 0; i < curve_samples; ++i)
      if (std::abs(v[i * curve_vectors + a]) > std::abs(peak)) peak = v[i * curve_vectors + a];
    EXPECT_GT(peak, 0.0) << a;
    for (int b = 0; b <= a; ++b) {
      double sum = 0;
      for (int i = 0; i < curve_samples; ++i) sum += v[i * curve_vectors + a] * v[i * curve_vectors + b];
      EXPECT_NEAR(sum, a == b ? 1.0 : 0.0, 1e-13) << a << ' ' << b;
    }
  }
}

/// The shipped files have seven digits: half a unit of the last one is 5e-7 of a value.
TEST_P(EachDirection, ShippedFileIsWhatTheProgramMakes) {
  const CurveBasis shipped = shipped_basis(GetParam());
  const CurveBasis& made = made_basis(GetParam());
  const auto expect_same = [](const Tensor& a, const Tensor& b) {
    for (std::int64_t i = 0; i < a.numel(); ++i) {
      const double want = b.data<double>()[i];
      ASSERT_NEAR(a.data<double>()[i], want, 5.1e-7 * std::abs(want) + 1e-10) << i;
    }
  };
  expect_same(shipped.mean, made.mean);
  expect_same(shipped.vectors, made.vectors);
}

TEST_P(EachDirection, TextRoundTrip) {
  const std::string text = encode_emor(shipped_basis(GetParam()), GetParam());
  const CurveBasis basis = parse_emor(text, "c.txt", GetParam());
  EXPECT_EQ(encode_emor(basis, GetParam()), text);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_EQ(lines, 27 * 257);
}

TEST_P(EachDirection, NetworkTensors) {
  const CurveBasis basis = shipped_basis(GetParam());
  const std::map<std::string, Tensor> tensors = curve_tensors(basis);
  ASSERT_EQ(tensors.size(), 2u);
  const Tensor& mean = tensors.at("curve.mean");
  const Tensor& vectors = tensors.at("curve.basis");
  EXPECT_EQ(mean.shape(), Shape{curve_samples});
  EXPECT_EQ(vectors.shape(), (Shape{curve_samples, curve_k}));
  EXPECT_EQ(mean.dtype(), DType::f32);
  EXPECT_EQ(vectors.data<float>()[500 * curve_k + 3],
            static_cast<float>(basis.vectors.data<double>()[500 * curve_vectors + 3]));
}

TEST(CurveFamily, SamplesAndInverses) {
  const auto family = response_family();
  EXPECT_EQ(family.size(), 1248u);
  for (std::size_t i = 0; i < family.size(); ++i) {
    const std::vector<double> forward = sample(family[i], CurveDirection::forward, 65);
    const std::vector<double> inverse = sample(family[i], CurveDirection::inverse, 65);
    ASSERT_EQ(forward.size(), 65u);
    ASSERT_EQ(inverse.size(), 65u);
    EXPECT_EQ(inverse.front(), 0.0);
    EXPECT_EQ(inverse.back(), 1.0);
    for (std::size_t j = 1; j < inverse.size(); ++j) {
      EXPECT_NEAR(family[i](inverse[j]), static_cast<double>(j) / 64, 1e-11) << i << ' ' << j;
      EXPECT_LT(inverse[j - 1], inverse[j]) << i << ' ' << j;
      EXPECT_LT(forward[j - 1], forward[j]) << i << ' ' << j;
    }
  }
}

struct KnownCurve {
  const char* name;
  std::function<double(double)> forward;
  std::function<double(double)> inverse;
  double rmse[2];  // limits at k = 11, forward and inverse: about 1.3 times what was measured
  double max_error[2];
};

KnownCurve power(const char* name, double g, double rmse_f, double rmse_i, double max_f, double max_i) {
  return {name,
          [=](double x) { return std::pow(x, 1 / g); },
          [=](double y) { return std::pow(y, g); },
          {rmse_f, rmse_i},
          {max_f, max_i}};
}

KnownCurve film(const char* name, double n, double a, double rmse_f, double rmse_i, double max_f, double max_i) {
  return {name,
          [=](double x) { return (1 + a) * std::pow(x, n) / (std::pow(x, n) + a); },
          [=](double y) { return std::pow(y * a / (1 + a - y), 1 / n); },
          {rmse_f, rmse_i},
          {max_f, max_i}};
}

std::vector<KnownCurve> known_curves() {
  return {
      power("x", 1.0, 6.3e-5, 1.0e-5, 1.8e-4, 1.1e-4),
      power("x^(1/1.4)", 1.4, 2.8e-5, 1.0e-5, 8.2e-5, 5.8e-5),
      power("x^(1/1.8)", 1.8, 1.6e-5, 2.3e-5, 1.5e-4, 1.2e-4),
      power("x^(1/2.2)", 2.2, 1.3e-5, 4.1e-5, 1.5e-4, 3.0e-4),
      power("x^(1/2.6)", 2.6, 5.1e-5, 6.8e-5, 1.1e-3, 5.7e-4),
      power("x^(1/3)", 3.0, 1.2e-4, 9.3e-5, 2.5e-3, 9.6e-4),
      {"sRGB",
       [](double x) { return x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055; },
       [](double y) { return y <= 0.04045 ? y / 12.92 : std::pow((y + 0.055) / 1.055, 2.4); },
       {1.0e-4, 5.6e-5},
       {1.5e-3, 5.2e-4}},
      film("film 0.9 0.6", 0.9, 0.6, 1.2e-5, 3.4e-5, 1.1e-4, 2.4e-4),
      film("film 0.8 0.5", 0.8, 0.5, 1.5e-5, 4.9e-5, 2.0e-4, 4.8e-4),
      film("film 1.0 0.7", 1.0, 0.7, 1.0e-5, 2.2e-5, 6.8e-5, 1.3e-4),
  };
}

TEST_P(EachDirection, DescribesKnownCurvesWithElevenVectors) {
  const CurveBasis basis = shipped_basis(GetParam());
  const bool forward = GetParam() == CurveDirection::forward;
  for (const KnownCurve& curve : known_curves()) {
    const CurveFit fit = fit_curve(basis, sampled(forward ? curve.forward : curve.inverse));
    EXPECT_LT(fit.rmse, curve.rmse[forward ? 0 : 1]) << curve.name;
    EXPECT_LT(fit.max_error, curve.max_error[forward ? 0 : 1]) << curve.name;
    ASSERT_EQ(fit.coefficients.size(), 11u);
  }
}

TEST_P(EachDirection, FittedCoefficientsRebuildTheCurve) {
  const CurveBasis basis = shipped_basis(GetParam());
  std::vector<double> curve = basis.mean.to_vector<double>();
  for (std::size_t i = 0; i < curve.size(); ++i)
    curve[i] += 2.0 * basis.vectors.data<double>()[i * curve_vectors] -
                0.5 * basis.vectors.data<double>()[i * curve_vectors + 10];
  const CurveFit fit = fit_curve(basis, curve);
  EXPECT_NEAR(fit.coefficients[0], 2.0, 1e-6);
  EXPECT_NEAR(fit.coefficients[5], 0.0, 1e-6);
  EXPECT_NEAR(fit.coefficients[10], -0.5, 1e-6);
  EXPECT_LT(fit.max_error, 1e-6);
}

/// The original EMoR tables, where they are at hand: they load, and our basis describes their mean.
TEST_P(EachDirection, OriginalEmorTables) {
  const char* shared = std::getenv("DUHDR_SHARED");
  const fs::path folder = (shared ? fs::path(shared) : source_dir / ".." / "shared") / "data" / "emor";
  const bool forward = GetParam() == CurveDirection::forward;
  const fs::path path = folder / (forward ? "emor.txt" : "invemor.txt");
  if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
  const CurveBasis theirs = read_emor(path, GetParam());
  EXPECT_NEAR(theirs.mean.data<double>()[511], forward ? 0.757 : 0.249, 1e-3);
  const CurveFit fit = fit_curve(shipped_basis(GetParam()), theirs.mean.to_vector<double>());
  EXPECT_LT(fit.rmse, forward ? 1.2e-4 : 2.3e-4);     // 9.3e-5, 1.8e-4 measured
  EXPECT_LT(fit.max_error, forward ? 9e-4 : 1.6e-3);  // 6.7e-4, 1.2e-3 measured
  EXPECT_THROW(read_emor(path, forward ? CurveDirection::inverse : CurveDirection::forward), Error);
}

struct BadText {
  std::function<void(std::string&)> damage;
  std::string part;  // of the message
};

void replace(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

/// The start of line n, counted from 1.
std::size_t line_start(const std::string& text, int n) {
  std::size_t at = 0;
  for (int i = 1; i < n; ++i) at = text.find('\n', at) + 1;
  return at;
}

std::vector<BadText> bad_texts() {
  const auto replacing = [](std::string from, std::string to) {
    return [=](std::string& text) { replace(text, from, to); };
  };
  return {
      {[](std::string& text) { text.clear(); }, "line 1: the file ends early"},
      {[](std::string& text) { text.resize(line_start(text, 300)); }, "line 300: the file ends early"},
      {[](std::string& text) { text.resize(line_start(text, 6939)); }, "line 6939: the file ends early"},
      {[](std::string& text) { text += "0 0 0 0\n"; }, "line 6940: text after the last block"},
      {replacing("E =", "B ="), "line 1: found \"B =\", expected \"E =\""},
      {replacing("f0 =", "g0 ="), "line 258: found \"g0 =\""},
      {replacing("h(2)=", "h(3)="), "line 772: found \"h(3)=\", expected \"h(2)=\""},
      {replacing("h(1)=", "\x1b[2J"), "found \"\\x1b[2J\""},
      {replacing("9.775171e-004", "nan"), "line 2: not a number"},
      {replacing("9.775171e-004", "inf"), "line 2: not a number"},
      {replacing("9.775171e-004", "1e999"), "line 2: not a number"},
      {replacing("9.775171e-004", "9,775171e-004"), "line 2: not a number: \"9,775171e-004"},
      {replacing("9.775171e-004", "0x1p-10"), "line 2: not a number"},
      {replacing("9.775171e-004", "+9.775171e-004"), "line 2: not a number"},
      {replacing("9.775171e-004", ""), "line 2: 3 numbers (expected 4)"},
      {replacing("9.775171e-004", "9.775171e-004 0"), "line 2: 5 numbers (expected 4)"},
      {replacing("9.775171e-004", "9.875171e-002"), "not the uniform grid"},
      {[](std::string& text) { text[line_start(text, 300)] = '9'; }, "does not increase from 0 to 1"},
      {[](std::string& text) { text.insert(line_start(text, 600), 1, '-'); }, "not orthonormal"},
      {[](std::string& text) { text[line_start(text, 516)] = '1'; }, "basis vector 1 is not zero at both ends"},
      {[](std::string& text) { replace(text, "h(2)=", "h(2)=\n"); }, "line 773: 0 numbers"},
      {[](std::string& text) {  // the second vector is the first one
         const std::string first = text.substr(line_start(text, 516), line_start(text, 772) - line_start(text, 516));
         const std::size_t at = line_start(text, 773);
         text.replace(at, line_start(text, 1029) - at, first);
       },
       "vectors 1 and 2 are not orthonormal"},
      {[](std::string& text) { text = "\x80\x04\x95 pickle"; }, "line 1: found \"\\x80\\x04\\x95 pickle\""},
  };
}

TEST(EmorText, RefusesBadTextWithItsLine) {
  const std::string good = shipped_text();
  for (const BadText& bad : bad_texts()) {
    std::string text = good;
    bad.damage(text);
    try {
      parse_emor(text, "c.txt", CurveDirection::forward);
      ADD_FAILURE() << "no error; expected: " << bad.part;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_weights);
      const std::string found = error.what();
      EXPECT_TRUE(found.starts_with("c.txt: ")) << found;
      EXPECT_NE(found.find(bad.part), std::string::npos) << "expected: " << bad.part << "\ngot: " << found;
    }
  }
}

TEST(EmorText, AcceptsTheOriginalsLineEndsAndBlanks) {
  std::string text = shipped_text();
  replace(text, "E =", "E = ");
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.replace(at, 1, "\r\n");
  text += "\r\n \r\n";
  EXPECT_NO_THROW(parse_emor(text, "c.txt", CurveDirection::forward));
}

TEST(EmorText, MissingFile) {
  try {
    read_emor("missing-file", CurveDirection::forward);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
  }
}

}  // namespace
}  // namespace duhdr
