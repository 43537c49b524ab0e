// SPDX-License-Identifier: Apache-2.0
// The low-dimensional model of camera curves: curve = mean + vectors * c (Grossberg and Nayar's EMoR form).
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/curve_family.h"
#include "tensor/tensor.h"

namespace duhdr {

constexpr int curve_samples = 1024;  // on the uniform grid 0..1
constexpr int curve_vectors = 25;    // in a basis file
constexpr int curve_k = 11;          // used by the networks

struct CurveBasis {
  Tensor mean;     // [1024] f64: increasing from 0 to 1
  Tensor vectors;  // [1024, 25] f64: orthonormal columns, zero at both ends, most important first
};

/// Principal components of response_family() in double precision. Needs no files; takes some seconds. Each
/// vector's sign makes its component of largest magnitude positive.
CurveBasis make_curve_basis(CurveDirection direction);

/// Reads the layout of the original emor.txt (forward) and invemor.txt (inverse): 27 blocks of a tag line ("E =",
/// "f0 =", "h(1)=" ... "h(25)="; inverse "B =", "g0 =", "hinv(1)=" ...) and 256 lines of four numbers. Throws io
/// when the file cannot be read, bad_weights with the line number when the text is anything else, or when the
/// numbers are not a CurveBasis to within 1e-5.
CurveBasis read_emor(const std::filesystem::path& path, CurveDirection direction);
CurveBasis parse_emor(std::string_view text, const std::string& shown_name, CurveDirection direction);

/// The text of a basis in that layout: seven digits, exponents of three digits, lines ended by LF.
std::string encode_emor(const CurveBasis& basis, CurveDirection direction);

/// What a network stores: "curve.mean" [1024] and "curve.basis" [1024, k], both f32.
std::map<std::string, Tensor> curve_tensors(const CurveBasis& basis, int k = curve_k);

struct CurveFit {
  std::vector<double> coefficients;  // k of them
  double rmse = 0;                   // over the 1024 samples
  double max_error = 0;
};

/// Least-squares reconstruction of a curve [1024] from the mean and the first k vectors.
CurveFit fit_curve(const CurveBasis& basis, std::span<const double> curve, int k = curve_k);

}  // namespace duhdr
