// SPDX-License-Identifier: Apache-2.0
// Camera response functions from published formulas: the family whose principal components are the curve basis.
#pragma once

#include <functional>
#include <vector>

namespace duhdr {

/// forward: irradiance -> brightness (the camera); inverse: brightness -> irradiance (its linearisation).
enum class CurveDirection { forward, inverse };

/// An increasing function of [0, 1] onto [0, 1] with f(0) = 0 and f(1) = 1.
using ResponseFunction = std::function<double(double)>;

/// Every curve of the family, irradiance -> brightness, always in the same order:
///   power laws         x^g
///   linear toe + power a x below t, (1 + b) x^(1/g) - b above, continuous with its slope (sRGB, Rec. 709)
///   logarithms         log(1 + a x)
///   shoulders          1 - exp(-a x^g)
///   film (Hill)        x^n / (x^n + s)
///   S-curves           1 / (1 + exp(-k (x^g - m)))
/// each shifted and scaled to run from 0 to 1.
std::vector<ResponseFunction> response_family();

/// `samples` values of the curve or of its inverse on the uniform grid 0..1. The inverse is solved for at every
/// grid point, not interpolated. The first value is exactly 0, the last exactly 1.
std::vector<double> sample(const ResponseFunction& curve, CurveDirection direction, int samples);

}  // namespace duhdr
