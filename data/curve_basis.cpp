// SPDX-License-Identifier: Apache-2.0
// Curve bases as text files in the emor.txt layout, as network tensors, and as an approximation of a curve.
#include "data/curve_basis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/file.h"

namespace duhdr {
namespace {

constexpr std::uint64_t max_file_bytes = std::uint64_t{4} << 20;
constexpr int numbers_per_line = 4;
constexpr double tolerance = 1e-5;  // the files have seven digits

/// The tag lines in order.
std::vector<std::string> tags_of(CurveDirection direction) {
  const bool forward = direction == CurveDirection::forward;
  std::vector<std::string> tags{forward ? "E =" : "B =", forward ? "f0 =" : "g0 ="};
  for (int j = 1; j <= curve_vectors; ++j) tags.push_back(message(forward ? "h(" : "hinv(", j, ")="));
  return tags;
}

/// Hands out a text line by line and remembers where it is.
class Lines {
 public:
  Lines(std::string_view text, const std::string& shown_name) : rest_(text), shown_name_(shown_name) {}

  std::string_view next() {
    ++number_;
    if (rest_.empty()) fail("the file ends early");
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  void expect_end() {
    ++number_;
    if (rest_.find_first_not_of(" \t\r\n") != std::string_view::npos) fail("text after the last block");
  }
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(ExitCode::bad_weights, message(shown_name_, ": line ", number_, ": ", reason));
  }

 private:
  std::string_view rest_;
  const std::string& shown_name_;
  int number_ = 0;
};

void expect_tag(Lines& lines, const std::string& tag) {
  const std::string_view line = lines.next();
  const auto without_blanks = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    return text;
  };
  if (without_blanks(std::string(line)) != without_blanks(tag))
    lines.fail(message("found \"", escaped(line, 40), "\", expected \"", tag, '"'));
}

/// One block: 256 lines of four finite numbers.
std::vector<double> parse_block(Lines& lines) {
  std::vector<double> out;
  while (out.size() < curve_samples) {
    const std::string_view line = lines.next();
    const char* at = line.data();
    const char* const end = at + line.size();
    const auto skip_blanks = [&] {
      while (at != end && (*at == ' ' || *at == '\t')) ++at;
    };
    skip_blanks();
    int count = 0;
    for (; at != end; ++count) {
      double value = 0;
      const auto [stop, error] = std::from_chars(at, end, value);
      if (error != std::errc() || !std::isfinite(value) || (stop != end && *stop != ' ' && *stop != '\t'))
        lines.fail(message("not a number: \"", escaped(std::string_view(at, end), 40), '"'));
      out.push_back(value);
      at = stop;
      skip_blanks();
    }
    if (count != numbers_per_line) lines.fail(message(count, " numbers (expected ", numbers_per_line, ")"));
  }
  return out;
}

bool is_near(double a, double b) { return std::abs(a - b) <= tolerance; }

std::vector<double> column(const Tensor& matrix, int j) {
  const double* values = matrix.data<double>();
  std::vector<double> out;
  for (std::int64_t i = 0; i < matrix.shape()[0]; ++i) out.push_back(values[i * matrix.shape()[1] + j]);
  return out;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Throws unless the blocks are a grid, an increasing curve from 0 to 1, and orthonormal vectors zero at the ends.
void check_basis(const std::vector<std::vector<double>>& blocks, const std::string& file) {
  const auto refuse = [&](const std::string& reason) { throw Error(ExitCode::bad_weights, file + ": " + reason); };
  for (std::size_t i = 0; i < curve_samples; ++i)
    if (!is_near(blocks[0][i], static_cast<double>(i) / (curve_samples - 1)))
      refuse(message("the first block is not the uniform grid 0..1 (sample ", i, " is ", blocks[0][i], ")"));
  const std::vector<double>& mean = blocks[1];
  if (!is_near(mean.front(), 0) || !is_near(mean.back(), 1) || !std::is_sorted(mean.begin(), mean.end()))
    refuse("the mean curve does not increase from 0 to 1");
  for (std::size_t j = 2; j < blocks.size(); ++j) {
    if (!is_near(blocks[j].front(), 0) || !is_near(blocks[j].back(), 0))
      refuse(message("basis vector ", j - 1, " is not zero at both ends"));
    for (std::size_t i = 2; i <= j; ++i)
      if (!is_near(dot(blocks[i], blocks[j]), i == j ? 1 : 0))
        refuse(message("basis vectors ", i - 1, " and ", j - 1, " are not orthonormal (inner product ",
                       dot(blocks[i], blocks[j]), ")"));
  }
}

/// "-1.234567e-004": the exponent has three digits in these files.
std::string encoded(double value) {
  std::array<char, 32> text{};
  const double zero_is_positive = value + 0.0;
  const auto written = std::to_chars(text.begin(), text.end(), zero_is_positive, std::chars_format::scientific, 6);
  const std::string number(text.data(), written.ptr);
  const std::size_t exponent = number.find('e') + 2;
  return number.substr(0, exponent) + std::string(3 - std::min<std::size_t>(3, number.size() - exponent), '0') +
         number.substr(exponent);
}

void append_block(std::string& out, const std::string& tag, std::span<const double> values) {
  out += tag + '\n';
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool first = i % numbers_per_line == 0;
    const std::string number = encoded(values[i]);
    if (!first) out += number.starts_with('-') ? "  " : "   ";
    out += number;
    if (i % numbers_per_line == numbers_per_line - 1) out += '\n';
  }
}

}  // namespace

CurveBasis parse_emor(std::string_view text, const std::string& shown_name, CurveDirection direction) {
  Lines lines(text, shown_name);
  std::vector<std::vector<double>> blocks;
  for (const std::string& tag : tags_of(direction)) {
    expect_tag(lines, tag);
    blocks.push_back(parse_block(lines));
  }
  lines.expect_end();
  check_basis(blocks, shown_name);

  CurveBasis out{Tensor::of<double>({curve_samples}, blocks[1]), Tensor({curve_samples, curve_vectors}, DType::f64)};
  double* vectors = out.vectors.mutable_data<double>();
  for (std::size_t i = 0; i < curve_samples; ++i)
    for (std::size_t j = 0; j < curve_vectors; ++j) vectors[i * curve_vectors + j] = blocks[j + 2][i];
  return out;
}

CurveBasis read_emor(const std::filesystem::path& path, CurveDirection direction) {
  const Bytes bytes = read_file(path, max_file_bytes, ExitCode::bad_weights);
  return parse_emor({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, shown(path), direction);
}

std::string encode_emor(const CurveBasis& basis, CurveDirection direction) {
  const std::vector<std::string> tags = tags_of(direction);
  std::vector<double> grid;
  for (int i = 0; i < curve_samples; ++i) grid.push_back(static_cast<double>(i) / (curve_samples - 1));
  std::string out;
  append_block(out, tags[0], grid);
  append_block(out, tags[1], basis.mean.to_vector<double>());
  for (int j = 0; j < curve_vectors; ++j)
    append_block(out, tags[static_cast<std::size_t>(j) + 2], column(basis.vectors, j));
  return out;
}

std::map<std::string, Tensor> curve_tensors(const CurveBasis& basis, int k) {
  DUHDR_CHECK(k >= 1 && k <= curve_vectors, "k = ", k);
  Tensor vectors({curve_samples, k}, DType::f64);
  const double* from = basis.vectors.data<double>();
  double* to = vectors.mutable_data<double>();
  for (int i = 0; i < curve_samples; ++i) std::copy_n(from + i * curve_vectors, k, to + i * k);
  return {{"curve.mean", basis.mean.to(DType::f32)}, {"curve.basis", vectors.to(DType::f32)}};
}

CurveFit fit_curve(const CurveBasis& basis, std::span<const double> curve, int k) {
  DUHDR_CHECK(curve.size() == curve_samples && k >= 0 && k <= curve_vectors, curve.size(), " samples, k = ", k);
  std::vector<double> rest = basis.mean.to_vector<double>();
  for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = curve[i] - rest[i];
  CurveFit fit;
  for (int j = 0; j < k; ++j) {
    const std::vector<double> vector = column(basis.vectors, j);
    fit.coefficients.push_back(dot(rest, vector));
    for (std::size_t i = 0; i < rest.size(); ++i) rest[i] -= fit.coefficients.back() * vector[i];
  }
  fit.rmse = std::sqrt(dot(rest, rest) / curve_samples);
  for (const double value : rest) fit.max_error = std::max(fit.max_error, std::abs(value));
  return fit;
}

}  // namespace duhdr
