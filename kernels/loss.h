// SPDX-License-Identifier: Apache-2.0
// Distances of two images as training losses use them: value and gradient each in one pass over the images.
#pragma once

#include "kernels/pointwise.h"

namespace duhdr {

/// (a - b)^2
struct SquaredError {
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Square{}(a - b);
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {  // d/da
    return Square{}.derivative(a - b);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {  // d/db
    return -Square{}.derivative(a - b);
  }
};

/// (log(a + shift) - log(b + shift))^2; the caller keeps a + shift > 0 and b + shift > 0
struct SquaredLogError {
  double shift;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Square{}(difference(a, b));
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return Square{}.derivative(difference(a, b)) * Log{shift}.derivative(a);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return -Square{}.derivative(difference(a, b)) * Log{shift}.derivative(b);
  }

 private:
  template <class T>
  DUHDR_HD T difference(T a, T b) const {
    return Log{shift}(a)-Log{shift}(b);
  }
};

/// |mu_law(a) - mu_law(b)|, a, b >= 0; derivative 0 where they are equal
struct MuLawError {
  double mu;
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Abs{}(difference(a, b));
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return Abs{}.derivative(difference(a, b)) * MuLaw{mu}.derivative(a);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return -Abs{}.derivative(difference(a, b)) * MuLaw{mu}.derivative(b);
  }

 private:
  template <class T>
  DUHDR_HD T difference(T a, T b) const {
    return MuLaw{mu}(a)-MuLaw{mu}(b);
  }
};

/// |a - b|; derivative 0 where they are equal
struct AbsoluteError {
  template <class T>
  DUHDR_HD T operator()(T a, T b) const {
    return Abs{}(a - b);
  }
  template <class T>
  DUHDR_HD T first(T a, T b) const {
    return Abs{}.derivative(a - b);
  }
  template <class T>
  DUHDR_HD T second(T a, T b) const {
    return -Abs{}.derivative(a - b);
  }
};

/// 1 - cos of the angle between two vectors: 1 - <a, b> / (max(|a|, eps) max(|b|, eps)). In double.
struct CosineError {
  static constexpr double eps = 1e-20;
  double norm_a = 0, norm_b = 0, cosine = 0;

  template <class T>
  DUHDR_HD CosineError(const T* a, const T* b, std::int64_t channels) {
    double aa = 0, bb = 0, ab = 0;
    for (std::int64_t c = 0; c < channels; ++c) {
      const auto u = static_cast<double>(a[c]), v = static_cast<double>(b[c]);
      aa += u * u;
      bb += v * v;
      ab += u * v;
    }
    norm_a = clamped(aa);
    norm_b = clamped(bb);
    cosine = ab / norm_a / norm_b;
  }
  DUHDR_HD double distance() const { return 1 - cosine; }
  // d/da and d/db of one channel
  DUHDR_HD double first(double a, double b) const { return (cosine * a / norm_a - b / norm_b) / norm_a; }
  DUHDR_HD double second(double a, double b) const { return (cosine * b / norm_b - a / norm_a) / norm_b; }

 private:
  DUHDR_HD static double clamped(double square) {
    using std::sqrt;
    const double norm = sqrt(square);
    return norm > eps ? norm : eps;
  }
};

/// Constant weights of a loss. Undefined = 1 everywhere.
struct LossWeights {
  Tensor image = {};  // [N, 1, 1, 1] f32, >= 0: an image of weight 0 does not count
  Tensor pixel = {};  // [N, H, W, 1], of the images' type: a factor of each pixel's distance
};

// a, b [N, H, W, C] of one type and device -> [1], f32 for bf16:
//   sum_n image_n * mean over h, w, c of (pixel * distance(a, b))  /  sum_n image_n
// and 0 when all images have weight 0. Gradients to a and b. Sums run in double, in a fixed order.
Variable squared_error(const Variable& a, const Variable& b, const LossWeights& weights = {});
Variable absolute_error(const Variable& a, const Variable& b, const LossWeights& weights = {});
Variable squared_log_error(const Variable& a, const Variable& b, double shift, const LossWeights& weights = {});
Variable mu_law_error(const Variable& a, const Variable& b, double mu, const LossWeights& weights = {});

// The same with one distance a pixel, that of its two vectors of C channels, and the mean over h and w. Where one of
// them is 0 the distance is 1.
Variable cosine_error(const Variable& a, const Variable& b, const LossWeights& weights = {});

}  // namespace duhdr
